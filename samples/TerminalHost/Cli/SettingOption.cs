using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace CardIssue.TerminalHost.Cli;

/// <summary>Options that a setting may stand in for.</summary>
internal static class SettingOption
{
    /// <summary>A text option; the setting has the option's name in camel case.</summary>
    public static Option<string?> Text(HostSettings settings, string name, string description, string? otherwise = null) =>
        new(name) { Description = description, DefaultValueFactory = _ => settings.Find(SettingOf(name)) ?? otherwise };

    /// <summary>A whole number in a range.</summary>
    public static Option<int?> Number(HostSettings settings, string name, string description, int least, int most, int? otherwise = null)
    {
        int? Parse(SymbolResult result, string text)
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
            result.AddError($"{name} is a whole number from {least} to {most}.");
            return null;
        }
        return new Option<int?>(name)
        {
            Description = description,
            DefaultValueFactory = result => settings.Find(SettingOf(name)) is { } text ? Parse(result, text) : otherwise,
            CustomParser = result => Parse(result, result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value),
        };
    }

    private static string SettingOf(string option)
    {
        var words = option.TrimStart('-').Split('-');
        return words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }
}
