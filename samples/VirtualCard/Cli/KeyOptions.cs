using System.CommandLine;
using System.Globalization;
using System.Text;
using CardIssue.VirtualCard.Crypto;
using CardIssue.VirtualCard.State;

namespace CardIssue.VirtualCard.Cli;

/// <summary>Where a new card's keys come from. There is no default: a key that nobody chose is a key that nobody guards.</summary>
internal sealed class KeyOptions
{
    private const int MaxKeyFile = 4_096;

    private readonly Option<string> _kvn = new("--kvn")
    {
        Description = "Key version number in hexadecimal, 01–7F or FF (factory).", DefaultValueFactory = _ => "30",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (ParseKvn(text) is null) result.AddError("--kvn is two hexadecimal digits, 01 to 7F or FF.");
            return text;
        },
    };
    private readonly Option<FileInfo?> _keys = new("--key-file") { Description = "The card's own keys: one line of hexadecimal digits for all three, or three lines ENC, MAC, DEK." };
    private readonly Option<FileInfo?> _master = new("--master-key-file") { Description = "A master key, one line of hexadecimal digits; the card's keys are derived from it." };
    private readonly Option<Diversification> _diversify = new("--diversify")
    {
        Description = "How the card's keys come from the master key, or the test key as one: kdf3 (AES), emv or visa2 (triple DES, 16 bytes), none.",
        DefaultValueFactory = _ => Diversification.None,
    };
    private readonly Option<bool> _test = new("--test-keys")
    {
        Description = $"The publicly known test key {CardProfile.TestKey} for all three; with --diversify it is the master key.",
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
            var hasMaster = result.GetResult(_master) is not null || result.GetResult(_test) is { Implicit: false };
            if (result.GetResult(_diversify) is not { Implicit: false } method || hasMaster) return;
            // What names no method is a fault that the parser tells.
            if (!string.Equals(method.Tokens.FirstOrDefault()?.Value, nameof(Diversification.None), StringComparison.OrdinalIgnoreCase))
                result.AddError("--diversify needs --master-key-file or --test-keys.");
        });
    }

    /// <exception cref="CommandException">No source of keys or several, or a file with no key in it.</exception>
    /// <param name="type">What the keys are for.</param>
    public CardKeySet Read(ParseResult parsed, ReadOnlySpan<byte> kdd, CardKeyType type)
    {
        if (Sources(parsed) != 1) throw new CommandException(ExitCode.Usage, "Name one of --key-file, --master-key-file, --test-keys.");
        var kvn = ParseKvn(parsed.GetValue(_kvn))!.Value;
        var method = parsed.GetValue(_diversify);
        if (parsed.GetValue(_test)) return CardKeySet.Derive(kvn, method, Convert.FromHexString(CardProfile.TestKey), kdd, type);
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
