using System.CommandLine;
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
        var option = new Option<int?>(name)
        {
            Description = description,
            DefaultValueFactory = result =>
            {
                if (settings.Find(SettingOf(name)) is not { } text) return otherwise;
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
                result.AddError($"{name}, as set in the environment or {HostSettings.FileName}, is no whole number.");
                return otherwise;
            },
        };
        option.Validators.Add(result =>
        {
            if (result.Errors.Any()) return;
            if (result.GetValueOrDefault<int?>() is { } number && (number < least || number > most)) result.AddError($"{name} is {least} to {most}.");
        });
        return option;
    }

    private static string SettingOf(string option)
    {
        var words = option.TrimStart('-').Split('-');
        return words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }
}
