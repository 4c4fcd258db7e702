using System.Globalization;
using System.Reflection;
using System.Text.Json;
using CardIssue.Center.Hosting;
using CardIssue.CenterHost.Serving;
using CardIssue.Core.Crypto;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace CardIssue.CenterHost.Cli;

/// <summary>The settings of a center: its settings file, then the environment. What is no setting is refused: it would be one that somebody relies on.</summary>
internal static class CenterSettings
{
    public const string Center = "Center", Argon2 = "Argon2", Logging = "Logging", Monitoring = "Monitoring", Link = "Link";

    private static readonly string[] Sections = [Center, Argon2, Logging, Monitoring, Link];

    private const string Prefix = "CARDISSUE_";
    private const string Levels = "LogLevel";
    private const int MaxFile = 64 * 1024;

    /// <exception cref="CommandException">One is unknown or can't be what it should be.</exception>
    public static IConfiguration Load(CenterFiles files)
    {
        var builder = new ConfigurationBuilder();
        if (ReadFile(files) is { } bytes)
        {
            var json = Parse(bytes, files.Settings, out var file);
            foreach (var section in file.GetChildren())
                if (!IsOneOf(section.Key, Sections))
                    throw Wrong($"{files.Settings}: {section.Key} is no setting: {Nearest.Suggest(section.Key, Sections)}");
            // Not the configuration that was read: behind another one an empty text would be no value.
            builder.AddJsonStream(new MemoryStream(json));
        }
        var settings = builder.AddEnvironmentVariables(Prefix).Build();
        Check(settings.GetSection(Center), typeof(CenterOptions), files);
        Check(settings.GetSection(Argon2), typeof(Argon2Cost), files);
        Check(settings.GetSection(Monitoring), typeof(MonitoringOptions), files);
        Check(settings.GetSection(Link), typeof(LinkOptions), files);
        CheckValues(settings, files);
        CheckLogging(settings, files);
        CheckNames();
        return settings;
    }

    /// <summary>The settings' file; null where there is none.</summary>
    /// <exception cref="CommandException">It can't be read.</exception>
    public static byte[]? ReadFile(CenterFiles files) => InputFile.IsThere(files.Settings) ? InputFile.ReadAll(files.Settings, MaxFile) : null;

    /// <summary>What guessing a passphrase or a password is to cost; the vault and the accounts enforce the minimum.</summary>
    public static Argon2Cost Cost(IConfiguration settings)
    {
        var usual = Argon2Cost.Default;
        return new Argon2Cost(Number("MemoryKiB", usual.MemoryKiB), Number("Passes", usual.Passes), Number("Lanes", usual.Lanes));

        int Number(string name, int otherwise) => settings[$"{Argon2}:{name}"] is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw Wrong($"The setting Argon2:{name} is no number.");
    }

    private static byte[] Parse(byte[] bytes, string path, out IConfigurationRoot file)
    {
        var json = InputFile.WithoutMark(bytes);
        try
        {
            using (JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }))
                file = new ConfigurationBuilder().AddJsonStream(new MemoryStream(json)).Build();
            return json;
        }
        catch (JsonException e)
        {
            throw Wrong($"{path}, line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: this is no JSON. Mend it, or take it away to go on with defaults.", e);
        }
        // A text of half a surrogate pair is JSON and no text.
        catch (Exception e) when (e is FormatException or InvalidOperationException or InvalidDataException)
        {
            throw Wrong($"{path}: {(e is InvalidOperationException ? "a text in it is no Unicode." : (e.InnerException ?? e).Message)}", e);
        }
    }

    /// <summary>Names and shape, against the options that they set.</summary>
    private static void Check(IConfigurationSection section, Type options, CenterFiles files)
    {
        if (section.Value is { Length: > 0 }) throw Wrong($"The setting {section.Path} is a group of settings, not a value; see {files.Settings} and the environment.");
        var known = options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true } && !typeof(Delegate).IsAssignableFrom(p.PropertyType)).ToList();
        foreach (var child in section.GetChildren())
        {
            if (known.Find(p => IsOneOf(child.Key, p.Name)) is not { } property)
                throw Wrong($"{child.Path} is no setting (in {files.Settings} or the environment): {Nearest.Suggest(child.Key, [.. known.Select(p => p.Name)])}");
            if (typeof(System.Collections.IDictionary).IsAssignableFrom(property.PropertyType))
                foreach (var named in child.GetChildren()) Check(named, property.PropertyType.GetGenericArguments()[1], files);
            else if (property.PropertyType.IsClass && property.PropertyType != typeof(string)) Check(child, property.PropertyType, files);
            else if (child.Value is null) throw Wrong($"The setting {child.Path} (in {files.Settings} or the environment) is one value; leave it out for the default.");
        }
    }

    private static void CheckValues(IConfiguration settings, CenterFiles files)
    {
        try
        {
            settings.GetSection(Center).Bind(new CenterOptions());
        }
        catch (InvalidOperationException e)
        {
            throw Wrong($"{e.Message} It stands in {files.Settings} or in the environment.", e);
        }
    }

    /// <summary>Levels that are none are told by their names before anything is logged.</summary>
    private static void CheckLogging(IConfiguration settings, CenterFiles files)
    {
        var logging = settings.GetSection(Logging);
        var levels = logging.GetChildren().Where(it => IsOneOf(it.Key, Levels)).Concat(logging.GetChildren().Select(it => it.GetSection(Levels)))
            .SelectMany(it => it.GetChildren());
        if (levels.FirstOrDefault(it => it.Value is { Length: > 0 } text && !Enum.TryParse<LogLevel>(text, ignoreCase: true, out _)) is { } wrong)
            throw Wrong($"{wrong.Path} (in {files.Settings} or the environment) is {wrong.Value}: {Nearest.Suggest(wrong.Value!, Enum.GetNames<LogLevel>())}");
    }

    /// <summary>A variable whose name is nearly a section's was meant as one.</summary>
    private static void CheckNames()
    {
        foreach (var variable in Environment.GetEnvironmentVariables().Keys.Cast<string>())
        {
            var section = variable.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && variable.Contains("__", StringComparison.Ordinal)
                ? variable[Prefix.Length..variable.IndexOf("__", StringComparison.Ordinal)] : null;
            if (section is not null && !IsOneOf(section, Sections))
                throw Wrong($"The environment's {variable} is no setting: {Nearest.Suggest(section, Sections)}");
        }
    }

    private static bool IsOneOf(string name, params ReadOnlySpan<string> names)
    {
        foreach (var one in names)
            if (string.Equals(one, name, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    private static CommandException Wrong(string message, Exception? inner = null) => new(ExitCode.Usage, message, inner);
}
