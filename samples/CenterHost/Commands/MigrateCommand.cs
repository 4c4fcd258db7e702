using System.CommandLine;
using CardIssue.Center.Hosting;
using CardIssue.Center.Recovery;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>migrate</c>: moves the store from its file into a PostgreSQL database.</summary>
internal static class MigrateCommand
{
    public static Command Make(Shell shell)
    {
        var place = StorePlace.Option("--to", "The database: empty, in UTF-8, owned by the user that the center connects as.");
        place.Required = true;
        return shell.Command("migrate", "Moves the center's store whole into a PostgreSQL database, where no center is served. The file stays, and is not opened again.", [place], async (call, cancellation) =>
        {
            var connection = StorePlace.Parse(call.Get(place)!);
            var configured = new CenterOptions();
            OpenCenter.Configure(configured, call);
            if (configured.Store.Postgres.Length > 0)
                throw new CommandException(ExitCode.Refused, $"This center's store is in a database already; see Center:Store:Postgres in {call.Files.Settings}. Nothing was moved.");
            // One that was cut after the move, before the settings said so.
            var rows = StoreMove.MovedTo(configured.Store) == connection ? 0 : await MoveAsync(call, connection, cancellation);
            StorePlace.Save(call.Files, connection);
            await using var center = OpenCenter.In(call);
            await center.LogInAsync(call, cancellation);
            return await call.Answers.SayAsync(
                new { ok = true, rows, settings = call.Files.Settings },
                $"The store is in the database, {(rows == 0 ? "as it was moved before" : $"all of its {rows} rows")}; {call.Files.Settings} names it. What is in {call.Directory}/center.db is not opened any more: "
                + "keep it as you keep a backup, or destroy it.");
        });
    }

    private static async Task<long> MoveAsync(Call call, string connection, CancellationToken cancellation)
    {
        await using var center = await call.OpenAsync(cancellation);
        return await StoreMove.ToPostgresAsync(
            center.Database, center.Vault, new() { Directory = call.Directory, Postgres = connection }, center.By.Name.Value, cancellation);
    }
}
