using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace CardIssue.CommandLine;

/// <summary>What is wrong with a command line, without repeating what was typed: it may be a secret that went to the wrong place.</summary>
internal static class UsageFaults
{
    /// <summary>A line for each fault. The parser's words must be English: they are known by their quotes.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        var unknown = parsed.UnmatchedTokens;
        var values = parsed.Tokens.Where(token => token.Type is TokenType.Argument).Select(token => token.Value).ToList();
        var others = parsed.Errors.Where(fault => !unknown.Any(token => fault.Message.Contains(Quoted(token), StringComparison.Ordinal))).Select(WordsOf);
        return [.. unknown.Select(NameOf).Concat(others.Select(message => Without(message, values))).Distinct()];
    }

    /// <summary>What is wrong with an argument's words, without the parentheses of .NET that name a parameter of ours.</summary>
    public static string WordsOf(ArgumentException fault) =>
        fault.ParamName is { } name ? fault.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : fault.Message;

    /// <summary>A value of another kind is told by what would be right: the parser names types of ours.</summary>
    private static string WordsOf(ParseError fault) =>
        fault.Message.StartsWith("Cannot parse argument", StringComparison.Ordinal) && Expected(fault.SymbolResult) is { } expected ? expected : fault.Message;

    private static string? Expected(SymbolResult? result) => result switch
    {
        OptionResult option => Expected(option.Option.Name, option.Option.ValueType),
        ArgumentResult { Parent: OptionResult option } => Expected(option.Option.Name, option.Option.ValueType),
        ArgumentResult argument => Expected(argument.Argument.Name, argument.Argument.ValueType),
        _ => null,
    };

    private static string? Expected(string name, Type type)
    {
        var one = type.IsArray ? type.GetElementType()! : type;
        one = Nullable.GetUnderlyingType(one) ?? one;
        if (one.IsEnum) return $"{name} is one of {string.Join(", ", Enum.GetNames(one).Select(JsonNamingPolicy.CamelCase.ConvertName))}.";
        if (one == typeof(int) || one == typeof(long)) return $"{name} is a whole number.";
        return one == typeof(DateTimeOffset) ? $"{name} is a time, such as 2026-01-31 or 2026-01-31T08:30Z." : null;
    }

    /// <summary>Only an option's name is named, never what follows it after = or :.</summary>
    private static string NameOf(string token) => token.StartsWith("--", StringComparison.Ordinal)
        ? $"Unknown option or argument: {token.Split('=', ':')[0]}."
        : "Unknown option or argument.";

    private static string Without(string message, IEnumerable<string> values) =>
        values.Aggregate(message, (text, value) => text.Replace(Quoted(value), "that was given", StringComparison.Ordinal));

    private static string Quoted(string token) => $"'{token}'";
}
