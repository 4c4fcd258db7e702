using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace CardIssue.CommandLine;

/// <summary>Options for a whole number in a range.</summary>
/// <remarks>The range is checked while parsing: a validator that asks for the value of what is no number ends in an exception.</remarks>
internal static class NumberOption
{
    /// <summary>One that is required.</summary>
    public static Option<int> Required(string name, string description, int least, int most) =>
        new(name) { Description = description, Required = true, CustomParser = result => Parse(result, name, least, most) ?? 0 };

    /// <summary>One with a default.</summary>
    public static Option<int> Of(string name, string description, int least, int most, int otherwise) =>
        new(name) { Description = description, DefaultValueFactory = _ => otherwise, CustomParser = result => Parse(result, name, least, most) ?? 0 };

    /// <summary>One that may be left out.</summary>
    public static Option<int?> Optional(string name, string description, int least, int most) =>
        new(name) { Description = description, CustomParser = result => Parse(result, name, least, most) };

    private static int? Parse(ArgumentResult result, string name, int least, int most)
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        result.AddError(most == int.MaxValue ? $"{name} is a whole number from {least}." : $"{name} is a whole number from {least} to {most}.");
        return null;
    }
}
