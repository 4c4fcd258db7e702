using CardIssue.Terminal.Relay;

namespace CardIssue.TerminalHost.Cli;

/// <summary>An order or customer id as it was typed or came in.</summary>
internal static class RequestText
{
    /// <summary>What stands where bytes were no UTF-8 or half a surrogate pair.</summary>
    private const char Replaced = '\uFFFD';

    /// <summary>Why it can be none, in words for the operator; null when it can.</summary>
    public static string? Fault(string? typed) => IssueRequest.ReferenceFault(typed ?? "")
        ?? (typed!.Contains(Replaced) ? "This order or customer id is no text: it is not UTF-8." : null);
}
