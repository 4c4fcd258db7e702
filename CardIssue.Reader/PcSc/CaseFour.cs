namespace CardIssue.Reader.PcSc;

/// <summary>T=0 has no command with data and Le (ISO 7816-3 12.1.1): the Le stays behind, and the card answers 61xx, which GET RESPONSE settles above.</summary>
internal static class CaseFour
{
    private const int Header = 5;

    /// <summary>How many bytes of a command go to a T=0 card.</summary>
    public static int LengthForT0(ReadOnlySpan<byte> command) =>
        command.Length > Header && command[4] != 0 && command.Length == Header + command[4] + 1 ? command.Length - 1 : command.Length;
}
