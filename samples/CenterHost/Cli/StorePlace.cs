using System.CommandLine;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CardIssue.CenterHost.Cli;

/// <summary>Where a center's store is, as it is given on the command line and as its settings say it.</summary>
internal static class StorePlace
{
    private const string Postgres = "postgres:", Example = "postgres:Host=/var/run/postgresql;Database=cardissue;Username=cardissue";

    // As Npgsql takes them.
    private static readonly string[] Secrets = ["Password", "PWD", "PSW", "SSL Password", "SslPassword"];

    private static readonly string[] Path = [CenterSettings.Center, "Store", "Postgres"], HostPath = [CenterSettings.Center, "Host"];

    public static Option<string?> Option(string name, string description) =>
        new(name) { Description = $"{description} Such as {Example}. The password never stands there: name a Passfile, use ~/.pgpass, or a Unix socket.", HelpName = "postgres:…" };

    /// <summary>The connection string of a PostgreSQL database.</summary>
    /// <exception cref="CommandException">It is none, or has a password in it.</exception>
    public static string Parse(string given)
    {
        if (!given.StartsWith(Postgres, StringComparison.Ordinal)) throw Wrong($"A store is given as {Example}.");
        var connection = given[Postgres.Length..];
        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = connection };
            if (parts.Count == 0) throw Wrong($"No database is named; a store is given as {Example}.");
            return Secrets.Any(parts.ContainsKey)
                ? throw Wrong("A password does not belong on a command line: name a file with it (Passfile=FILE, in the form of ~/.pgpass), or use ~/.pgpass.")
                : connection;
        }
        catch (ArgumentException)
        {
            // Not what it says: it may quote a password.
            throw Wrong($"This is no connection string; a store is given as {Example}.");
        }
    }

    /// <summary>Writes it into the settings file, where that says something else; settings that cannot be changed are put aside.</summary>
    /// <param name="files">The center's files.</param>
    /// <param name="connection">The database; empty for a file.</param>
    public static void Name(CenterFiles files, string connection)
    {
        if (connection.Length == 0 && !InputFile.IsThere(files.Settings)) return;
        try
        {
            Save(files, connection);
        }
        catch (CommandException) when (InputFile.IsThere(files.Settings))
        {
            File.Move(files.Settings, files.Settings + ".put-aside", overwrite: true);
            Save(files, connection);
        }
    }

    /// <summary>Writes it into the settings file, which it makes where there is none.</summary>
    /// <exception cref="CommandException">The file is no plain JSON: somebody must write it there by hand.</exception>
    public static void Save(CenterFiles files, string connection) => Save(files, Path, connection);

    /// <summary>Writes the host's name into the settings file.</summary>
    /// <exception cref="CommandException">The file is no plain JSON: somebody must write it there by hand.</exception>
    public static void SaveHost(CenterFiles files, string host) => Save(files, HostPath, host);

    private static void Save(CenterFiles files, string[] path, string value)
    {
        JsonObject settings;
        try
        {
            settings = InputFile.IsThere(files.Settings) ? JsonNode.Parse(File.ReadAllBytes(files.Settings))!.AsObject() : [];
            var at = settings;
            foreach (var name in path[..^1])
            {
                var key = at.Select(pair => pair.Key).FirstOrDefault(key => Is(key, name)) ?? name;
                if (at[key] is not JsonObject) at[key] = new JsonObject();
                at = at[key]!.AsObject();
            }
            foreach (var key in at.Select(pair => pair.Key).Where(key => Is(key, path[^1])).ToList()) at.Remove(key);
            at[path[^1]] = value;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw Wrong($"{files.Settings} has comments, or is not written so that it can be changed: set {string.Join(':', path)} to {value} there yourself, then give this command again.");
        }
        WholeFile.Replace(files.Settings, JsonSerializer.SerializeToUtf8Bytes(settings, Form), ownerOnly: true);
    }

    private static readonly JsonSerializerOptions Form = new() { WriteIndented = true };

    private static bool Is(string key, string name) => string.Equals(key, name, StringComparison.OrdinalIgnoreCase);

    private static CommandException Wrong(string message) => new(ExitCode.Usage, message);
}
