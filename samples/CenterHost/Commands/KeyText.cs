using System.Globalization;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary>Key versions, check values and components as people write them.</summary>
internal static class KeyText
{
    private const int MaxComponent = 32;

    public static byte Version(string text) => text.Length == 2 && byte.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var version) && version > 0
        ? version
        : throw new CommandException(ExitCode.Usage, $"{text} is no key version number; two hexadecimal digits from 01 to FF.");

    public static CardKeyAlgorithm Algorithm(string text) => text.ToLowerInvariant() switch
    {
        "aes128" => CardKeyAlgorithm.Aes128,
        "aes192" => CardKeyAlgorithm.Aes192,
        "aes256" => CardKeyAlgorithm.Aes256,
        "tripledes" => CardKeyAlgorithm.TripleDes,
        _ => throw new CommandException(ExitCode.Usage, $"{text} is no algorithm; aes128, aes192, aes256, tripleDes are."),
    };

    public static ByteString CheckValue(string text)
    {
        try
        {
            if (ByteString.FromHex(text) is { Length: KeyCheckValue.Length } value) return value;
        }
        catch (FormatException e)
        {
            throw Bad(e);
        }
        throw Bad(null);

        static CommandException Bad(Exception? inner) => new(ExitCode.Usage, "A check value has six hexadecimal digits.", inner);
    }

    /// <summary>Reads hexadecimal digits without leaving a copy; blanks between them are skipped.</summary>
    /// <exception cref="CommandException">They are none; the message holds nothing of them.</exception>
    public static SecretBytes Component(ReadOnlySpan<byte> digits)
    {
        Span<byte> nibbles = stackalloc byte[2 * MaxComponent];
        var count = 0;
        try
        {
            foreach (var digit in digits)
            {
                if (digit is (byte)' ' or (byte)'\t') continue;
                if (!char.IsAsciiHexDigit((char)digit) || count == nibbles.Length) throw Bad();
                nibbles[count++] = (byte)(char.IsAsciiDigit((char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
            }
            if (count == 0 || count % 2 != 0) throw Bad();
            for (var i = 0; i < count / 2; i++) nibbles[i] = (byte)((nibbles[2 * i] << 4) | nibbles[(2 * i) + 1]);
            return SecretBytes.Copy(nibbles[..(count / 2)]);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(nibbles);
        }

        static CommandException Bad() => new(ExitCode.Usage, $"The component is not an even number of hexadecimal digits, {2 * MaxComponent} at most.");
    }

    public static string Why(CeremonyRefusal refusal) => refusal switch
    {
        CeremonyRefusal.None => "nothing is wrong.",
        CeremonyRefusal.NoCeremony => "it is not being entered; start with key begin.",
        CeremonyRefusal.UnderWay => "it is being entered already; go on with key enter, or give it up with key cancel.",
        CeremonyRefusal.KeyExists => "the vault has it already; a new key gets a new version number.",
        CeremonyRefusal.OutOfRange => $"the name, the version or the number of components ({IKeyCeremony.MinComponents} to {IKeyCeremony.MaxComponents}) is not possible.",
        CeremonyRefusal.ComponentTaken => "there is no component of this number, or it is in already.",
        CeremonyRefusal.SameCustodian => "this custodian entered a component already; nobody may know two.",
        CeremonyRefusal.WrongLength => "the component is not as long as the key.",
        CeremonyRefusal.WrongCheckValue => "the check value is not that of what was entered; compare it with the key's letter.",
        CeremonyRefusal.Weak => "the component or the key is weak (zeros, equal parts); it must be made anew.",
        CeremonyRefusal.Incomplete => "components are missing; see key list.",
        CeremonyRefusal.NotApproved => "the approval is for something else, or was used already.",
    };
}
