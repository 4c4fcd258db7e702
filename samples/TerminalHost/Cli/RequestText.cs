using System.Text;
using CardIssue.Core;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol;

namespace CardIssue.TerminalHost.Cli;

/// <summary>What a request may say: whatever else was typed is told at once, before the center is asked.</summary>
internal static class RequestText
{
    /// <summary>The rule of an order or customer id, in words.</summary>
    public static readonly string ReferenceRule = $"1 to {Limits.MaxReference} characters, no line break or other control character among them";

    /// <summary>The rule of an issue code, in words.</summary>
    public static readonly string CodeRule = $"An issue code has 1 to {IssueCodeEnvelope.MaxCode} bytes";

    /// <summary>Whether it can be an order or customer id.</summary>
    public static bool IsReference(string? text) => text is { Length: > 0 and <= Limits.MaxReference } && !text.Any(char.IsControl) && IsUnicode(text);

    /// <summary>Whether it can be an issue code.</summary>
    public static bool IsCode(SecretBytes code) => code.Length is > 0 and <= IssueCodeEnvelope.MaxCode;

    /// <summary>Whether all of it is text: what was typed or came in may have been no UTF-8, or half a surrogate pair.</summary>
    private static bool IsUnicode(string text)
    {
        foreach (var rune in text.EnumerateRunes())
            if (rune == Rune.ReplacementChar) return false;
        return true;
    }
}
