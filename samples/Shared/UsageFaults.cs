using System.CommandLine;
using System.CommandLine.Parsing;

namespace CardIssue.CommandLine;

/// <summary>What is wrong with a command line, without repeating what was typed: it may be a secret that went to the wrong place.</summary>
internal static class UsageFaults
{
    /// <summary>A line for each fault. The parser's words must be English: they are known by their quotes.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        var unknown = parsed.UnmatchedTokens;
        var values = parsed.Tokens.Where(token => token.Type is TokenType.Argument).Select(token => token.Value).ToList();
        var others = parsed.Errors.Select(fault => fault.Message).Where(message => !unknown.Any(token => message.Contains(Quoted(token), StringComparison.Ordinal)));
        return [.. unknown.Select(NameOf).Concat(others.Select(message => Without(message, values))).Distinct()];
    }

    /// <summary>Only an option's name is named, never what follows it after = or :.</summary>
    private static string NameOf(string token) => token.StartsWith("--", StringComparison.Ordinal)
        ? $"Unknown option or argument: {token.Split('=', ':')[0]}."
        : "Unknown option or argument.";

    private static string Without(string message, IEnumerable<string> values) =>
        values.Aggregate(message, (text, value) => text.Replace(Quoted(value), "that was given", StringComparison.Ordinal));

    private static string Quoted(string token) => $"'{token}'";
}
