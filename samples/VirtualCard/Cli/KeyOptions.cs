using System.CommandLine;
using System.Globalization;
using System.Text;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.VirtualCard.Cli;

/// <summary>
/// Where a new card's keys come from. Left out it is the key that everybody knows, as the products in samples/orders have it: this card is
/// a simulated one, and the key guards nothing.
/// </summary>
internal sealed class KeyOptions
{
    private const int MaxKeyFile = 4_096;

    // Those of the samples' products.
    private const byte Version03 = 0x30, Version02 = 0x20;

    private readonly Option<string?> _kvn = new("--kvn")
    {
        Description = "Key version number in hexadecimal, 01–7F or FF (factory): 30 when left out, 20 with --scp 02.",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (ParseKvn(text) is null) result.AddError("--kvn is two hexadecimal digits, 01 to 7F or FF.");
            return text;
        },
    };
    private readonly Option<FileInfo?> _keys = new("--key-file") { Description = "The card's own keys: one line of hexadecimal digits for all three, or three lines ENC, MAC, DEK." };
    private readonly Option<FileInfo?> _master = new("--master-key-file") { Description = "A master key, one line of hexadecimal digits; the card's keys are derived from it." };
    private readonly Option<Diversification?> _diversify = new("--diversify")
    {
        Description = "How the card's keys come from the master key, or the test key as one: kdf3 (when left out), emv (when left out with "
            + "--scp 02), visa2, or none: the key itself for all three. emv and visa2 take a key of 16 bytes.",
    };
    private readonly Option<bool> _test = new("--test-keys")
    {
        Description = $"The publicly known test key {CardProfile.TestKey} is the master key. So it is where no other option names keys.",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_kvn);
        command.Options.Add(_keys);
        command.Options.Add(_master);
        command.Options.Add(_diversify);
        command.Options.Add(_test);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_diversify) is not { } method || result.GetResult(_keys) is null) return;
            // What names no method is a fault that the parser tells.
            if (!string.Equals(method.Tokens.FirstOrDefault()?.Value, nameof(Diversification.None), StringComparison.OrdinalIgnoreCase))
                result.AddError("--diversify goes with a master key, not with --key-file.");
        });
    }

    /// <summary>Whether the keys come from the one that everybody knows.</summary>
    public bool AreTestKeys(ParseResult parsed) => parsed.GetValue(_test) || Sources(parsed) == 0;

    /// <exception cref="CommandException">Several sources of keys, or a file with no key in it.</exception>
    /// <param name="type">What the keys are for.</param>
    public CardKeySet Read(ParseResult parsed, ReadOnlySpan<byte> kdd, CardKeyType type)
    {
        if (Sources(parsed) > 1) throw new CommandException(ExitCode.Usage, "Name one of --key-file, --master-key-file, --test-keys.");
        var kvn = ParseKvn(parsed.GetValue(_kvn)) ?? (type is CardKeyType.Des ? Version02 : Version03);
        var method = parsed.GetValue(_diversify) ?? (type is CardKeyType.Des ? Diversification.Emv : Diversification.Kdf3);
        if (AreTestKeys(parsed)) return CardKeySet.Derive(kvn, method, Convert.FromHexString(CardProfile.TestKey), kdd, type);
        if (parsed.GetValue(_keys) is { } file)
        {
            var keys = Lines(file);
            if (keys.Count == 1) keys = [keys[0], keys[0], keys[0]];
            return keys.Count == 3 ? new CardKeySet(kvn, Key(keys[0], file, type), Key(keys[1], file, type), Key(keys[2], file, type))
                : throw Bad(file, "it has neither one line nor three");
        }
        var source = parsed.GetValue(_master)!;
        var lines = Lines(source);
        if (lines.Count != 1) throw Bad(source, "it has not exactly one line");
        Key(lines[0], source, type);
        if (method is Diversification.Emv or Diversification.Visa2 && lines[0].Length != 16) throw Bad(source, "triple DES diversification takes 16 bytes");
        return CardKeySet.Derive(kvn, method, lines[0], kdd, type);
    }

    private int Sources(ParseResult parsed) =>
        (parsed.GetValue(_keys) is null ? 0 : 1) + (parsed.GetValue(_master) is null ? 0 : 1) + (parsed.GetValue(_test) ? 1 : 0);

    private static byte? ParseKvn(string? text) =>
        byte.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var kvn) && kvn is (>= 1 and <= 0x7F) or 0xFF ? kvn : null;

    private static List<byte[]> Lines(FileInfo file)
    {
        try
        {
            return [.. Encoding.ASCII.GetString(InputFile.WithoutMark(InputFile.ReadAll(file.FullName, MaxKeyFile))).Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0).Select(Convert.FromHexString)];
        }
        catch (FormatException)
        {
            throw Bad(file, "it holds something else than hexadecimal digits");
        }
    }

    private static CardKey Key(byte[] value, FileInfo file, CardKeyType type) =>
        type == CardKeyType.Aes ? value.Length is 16 or 24 or 32 ? new CardKey(value) : throw Bad(file, "a key has 16, 24 or 32 bytes")
        : value.Length == 16 ? new CardKey(value, type) : throw Bad(file, "a two-key triple DES key has 16 bytes");

    private static CommandException Bad(FileInfo file, string why) => new(ExitCode.Usage, $"{file.FullName} is no key file: {why}.");
}
