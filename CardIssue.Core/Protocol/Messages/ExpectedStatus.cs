using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>What the status words that a command names mean to the terminal.</summary>
internal static class ExpectedStatus
{
    /// <summary>
    /// Stands for every status word: the script goes on whatever the card answers, for what is read is not needed. No card says it, since
    /// SW1 is 61 to 6F
    /// or 90 to 9F (ISO 7816-4 5.6).
    /// </summary>
    public const ushort Any = 0x0000;

    private const ushort Ok = 0x9000;

    /// <summary>Whether a script goes on after <paramref name="statusWord"/>.</summary>
    /// <param name="expected">The status words that the command names; empty means 9000 alone.</param>
    /// <param name="statusWord">What the card answered.</param>
    public static bool Admits(ValueList<ushort> expected, ushort statusWord) =>
        expected.Count == 0 ? statusWord == Ok : expected.Span.Contains(Any) || expected.Span.Contains(statusWord);
}
