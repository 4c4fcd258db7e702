using System.Security.Cryptography;
using System.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// The one-time code by which a terminal and its center come to know each other: 96 random bits, bound to the terminal's name. Both ends
/// prove with it that they have it (<see cref="EnrolmentKey"/>), and it never goes over the line. As text it is the name, a colon and six
/// groups of four characters of Crockford's base 32: 12 bytes of secret, 3 bytes that tell a slip of the pen, or the wrong name, before
/// anybody is asked.
/// </summary>
public sealed class EnrolmentCode : IDisposable
{
    /// <summary>Length of the secret in bytes.</summary>
    public const int SecretLength = 12;

    /// <summary>The longest text that is looked at, in bytes.</summary>
    public const int MaxText = 256;

    private const int CheckLength = 3, CharacterBits = 5, Characters = (SecretLength + CheckLength) * 8 / CharacterBits, Group = 4;
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private EnrolmentCode(TerminalId terminal, SecretBytes secret) => (Terminal, Secret) = (terminal, secret);

    /// <summary>The terminal that it is for.</summary>
    public TerminalId Terminal { get; }

    internal SecretBytes Secret { get; }

    /// <summary>Makes a code that nobody can guess: <see cref="SecretLength"/> random bytes.</summary>
    /// <param name="terminal">The terminal that it is for, and for no other.</param>
    /// <returns>The code, which the caller disposes.</returns>
    public static EnrolmentCode Create(TerminalId terminal) => new(terminal, SecretBytes.Random(SecretLength));

    /// <summary>Reads a code as somebody typed it: any case, with or without hyphens and spaces; I and L are 1, O is 0.</summary>
    /// <param name="text">ASCII, <see cref="MaxText"/> bytes at the most; stays the caller's.</param>
    /// <param name="fault">What is wrong, never the text; null when there is a code.</param>
    /// <returns>The code, which the caller disposes, or null.</returns>
    public static EnrolmentCode? TryParse(ReadOnlySpan<byte> text, out string? fault)
    {
        const string form = "an enrolment code is the terminal's name, a colon and 24 letters and digits, as terminal add printed it";
        fault = form;
        var colon = text.IndexOf((byte)':');
        if (colon <= 0 || text.Length > MaxText || Encoding.ASCII.GetString(text[..colon]).Trim() is not { } name
            || !NameRule.Accepts(name)) return null;
        Span<byte> values = stackalloc byte[Characters];
        Span<byte> bytes = stackalloc byte[SecretLength + CheckLength];
        SecretBytes? secret = null;
        try
        {
            var count = 0;
            foreach (var character in text[(colon + 1)..])
            {
                if (character is (byte)'-' or (byte)' ') continue;
                if (ValueOf(character) is not { } value || count == Characters) return null;
                values[count++] = value;
            }
            if (count != Characters) return null;
            Pack(values, bytes);
            secret = SecretBytes.Copy(bytes[..SecretLength]);
            var terminal = new TerminalId(name);
            using var check = Check(terminal, secret);
            if (!CryptographicOperations.FixedTimeEquals(check.Span[..CheckLength], bytes[SecretLength..]))
            {
                fault = "a character of the enrolment code is wrong, or it is not this terminal's name: compare it with what terminal add printed";
                secret.Dispose();
                return null;
            }
            fault = null;
            return new EnrolmentCode(terminal, secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(values);
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>The code as it is shown once, to be read over the telephone or carried on paper.</summary>
    public string Show()
    {
        Span<byte> bytes = stackalloc byte[SecretLength + CheckLength];
        Secret.Span.CopyTo(bytes);
        using var check = Check(Terminal, Secret);
        check.Span[..CheckLength].CopyTo(bytes[SecretLength..]);
        var text = new StringBuilder(Terminal.Value).Append(':');
        for (var i = 0; i < Characters; i++)
        {
            if (i > 0 && i % Group == 0) text.Append('-');
            text.Append(Alphabet[ValueAt(bytes, i * CharacterBits)]);
        }
        CryptographicOperations.ZeroMemory(bytes);
        return text.ToString();
    }

    /// <summary>Zeroes the secret.</summary>
    public void Dispose() => Secret.Dispose();

    /// <summary>Says only whose it is.</summary>
    public override string ToString() => $"enrolment code of {Terminal}";

    private static SecretBytes Check(TerminalId terminal, SecretBytes secret) =>
        KeySchedule.Derive(secret.Span, new Labelled(ProtocolLabels.EnrolmentCheck).Text(terminal.Value));

    private static byte? ValueOf(byte character) => char.ToUpperInvariant((char)character) switch
    {
        'O' => 0,
        'I' or 'L' => 1,
        var letter when Alphabet.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var value => (byte)value,
        _ => null,
    };

    private static int ValueAt(ReadOnlySpan<byte> bytes, int bit)
    {
        var two = (bytes[bit / 8] << 8) | (bit / 8 + 1 < bytes.Length ? bytes[bit / 8 + 1] : 0);
        return (two >> (16 - CharacterBits - bit % 8)) & 0x1F;
    }

    private static void Pack(ReadOnlySpan<byte> values, Span<byte> bytes)
    {
        var (held, bits, at) = (0, 0, 0);
        foreach (var value in values)
        {
            held = ((held << CharacterBits) | value) & 0xFFF;
            bits += CharacterBits;
            if (bits < 8) continue;
            bits -= 8;
            bytes[at++] = (byte)(held >> bits);
        }
    }
}
