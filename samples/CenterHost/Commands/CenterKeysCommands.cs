using System.CommandLine;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>center-keys</c>: the center's signing and agreement keys, and the change to the next ones without a visit to the terminals.</summary>
internal static class CenterKeysCommands
{
    public static Command Make(Shell shell) => Shell.Group("center-keys", "The center's signing and agreement keys, and the change to the next ones.",
        MakeNext(shell), Show(shell), Change(shell), End(shell));

    private static Command MakeNext(Shell shell) => shell.Command("make",
        "Makes the center's next keys; nobody is told of them yet. Where they are made already, they stay.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var person = center.By.Name.Value;
        var told = (await center.Terminals.KeysStandingAsync(cancellation)).Told;
        await center.NoteAsync("VaultStep", new { person, step = "center-keys" }, cancellation: cancellation);
        var keys = center.Vault.MakeNextKeys(told);
        await center.NoteAsync("CenterKeysMade", new { person, number = keys.Number, sha256 = keys.Sha256.ToString() }, cancellation: cancellation);
        return await call.Answers.SayAsync(new { ok = true, number = keys.Number, sha256 = keys.Sha256.ToString() },
            $"Keys {keys.Number} are made ({keys.Sha256}). Copy {CenterFiles.VaultName} to the other hosts, if there are any, and make a backup; then center-keys change has "
            + "terminals told of them.");
    });

    private static Command Show(Shell shell) => shell.Command("show",
        "Says which keys are in force, which are to follow, and which terminals came with them and which hosts have them.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var standing = await Standing.OfAsync(center, cancellation);
        var next = center.Vault.NextKeys;
        return await call.Answers.SayAsync(
            new
            {
                number = center.Vault.KeysNumber, sha256 = standing.Present.ToString(), alone = standing.Store.Alone?.Number ?? 0,
                next = next is null ? null : new { number = next.Number, sha256 = next.Sha256.ToString(), told = standing.IsTold },
                came = next is null ? null : standing.Over.Have, lack = next is null ? null : standing.Over.Lack, hostsLack = next is null ? null : standing.Over.HostsLack,
                former = center.Vault.FormerKeys.Select(former => new { number = former.Number, lastCheckpoint = former.LastCheckpoint }),
            },
            string.Join('\n', (string[])[
                $"present    {center.Vault.KeysNumber}  {standing.Present}",
                .. next is null ? ["next       none; see center-keys make"] : (string[])[
                    $"next       {next.Number}  {next.Sha256}{(standing.IsTold ? "" : ", of which nobody is told; see center-keys change")}",
                    .. standing.Store.Alone?.Number == next.Number
                        ? new[] { "           alone count; this vault has not followed yet: it does when the center is served, or with center-keys end" } : [],
                    $"came       {ChangeOver.Names(standing.Over.Have)}",
                    $"not yet    {ChangeOver.Names(standing.Over.Lack)}",
                    .. standing.Over.HostsLack.Count == 0 ? [] : new[] { $"hosts      {ChangeOver.Names(standing.Over.HostsLack)}: not yet; {ChangeOver.Copy}" },
                ],
                .. center.Vault.FormerKeys.Select(former => $"ended      {former.Number}  good for checkpoints of the log up to {former.LastCheckpoint}"),
            ]));
    });

    private static Command Change(Shell shell)
    {
        var evenSo = new Option<bool>("--even-so")
        {
            Description = "Also where hosts that serve have not got them: terminals that know the center by them are refused there.",
        };
        return shell.Command("change", "Has terminals told of the next keys, at all hosts, and serves who comes with either, until center-keys end.", [evenSo], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            if (center.Vault.NextKeys is not { } next)
                throw new CommandException(ExitCode.Usage, "There are no keys to change to; make them first: center-keys make.");
            var standing = await Standing.OfAsync(center, cancellation);
            if (!call.Get(evenSo)) standing.Over.CheckHosts($"keys {next.Number}");
            TerminalCommands.Check(await center.Terminals.TellKeysAsync(new NamedKeys(next.Number, next.Sha256), center.By, cancellation), $"set of keys {next.Number}");
            // A host that serves does it by itself, and its file is its own.
            if (!call.Files.IsServed()) center.Vault.FollowKeys(await center.Terminals.KeysStandingAsync(cancellation));
            return await call.Answers.SayAsync(new { ok = true, number = next.Number, sha256 = next.Sha256.ToString(), lack = standing.Over.Lack, hostsLack = standing.Over.HostsLack },
                $"Terminals are told of keys {next.Number} when they come in, and come with them the next time; center-keys show says which have. Then center-keys end."
                + (standing.Over.HostsLack.Count == 0 ? "" : $" These hosts have not got them: {ChangeOver.Names(standing.Over.HostsLack)}; {ChangeOver.Copy}."));
        });
    }

    private static Command End(Shell shell)
    {
        var evenSo = new Option<bool>("--even-so")
        {
            Description = "Also where terminals have not come with the next keys, or hosts have not got them: those terminals need a visit (enrolment, or center.json), "
                + "and those hosts serve nobody.",
        };
        return shell.Command("end", "Ends the keys of before: the next ones alone count, and the private keys of before are destroyed in each host's vault.", [evenSo], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var standing = await Standing.OfAsync(center, cancellation);
            if (center.Vault.NextKeys is not { } next || !standing.IsTold)
                throw new CommandException(ExitCode.Usage, "There are no keys to end: terminals are not told of later ones. See center-keys make and change.");
            // What was ended in the store, and cut before the vault, is finished; who is left behind was said then.
            var isEnded = standing.Store.Alone?.Number == next.Number;
            var asks = !isEnded && !call.Get(evenSo);
            if (asks) standing.Over.CheckHosts($"keys {next.Number}");
            if (asks && standing.Over.Lack.Count > 0)
                throw new CommandException(ExitCode.Refused, $"Nothing was changed: {standing.Over.Lack.Count} terminals have not come with keys {next.Number}: "
                    + $"{ChangeOver.Names(standing.Over.Lack)}. Wait until they have come in twice, or end with --even-so; those need a visit then.");
            var person = center.By.Name.Value;
            await center.NoteAsync("VaultStep", new { person, step = "center-keys end" }, cancellation: cancellation);
            // The last one that the keys of before vouch for, unless this is done again.
            if (!isEnded) await center.Log.CheckpointAsync(cancellation);
            TerminalCommands.Check(await center.Terminals.EndKeysBeforeAsync(new NamedKeys(next.Number, next.Sha256), center.By, cancellation), $"set of keys {next.Number}");
            var store = await center.Terminals.KeysStandingAsync(cancellation);
            // A host that serves does it by itself, and its files are its own.
            if (!call.Files.IsServed())
            {
                center.Vault.FollowKeys(store);
                await call.Files.WriteIdentityAsync(center.Vault, cancellation);
                await center.Log.CheckpointAsync(cancellation);
            }
            return await call.Answers.SayAsync(
                new { ok = true, number = next.Number, sha256 = next.Sha256.ToString(), lastCheckpoint = store.LastCheckpoint, lack = standing.Over.Lack, hostsLack = standing.Over.HostsLack },
                $"Keys {next.Number} alone count: hosts that serve have them within two seconds, others from their start. Give terminals that are made known by file, auditors and "
                + $"issuers the new {Path.GetFileName(call.Files.Identity)}; auditors keep the files center-keys-N.json beside it, too, for checkpoints up to {store.LastCheckpoint}. "
                + "Make a new backup, and a new order key, if issuers encrypt orders; destroy copies of the vault that are older."
                + (standing.Over.Lack.Count == 0 ? "" : $" These terminals need a visit: {ChangeOver.Names(standing.Over.Lack)}.")
                + (standing.Over.HostsLack.Count == 0 ? "" : $" These hosts have not got them: {ChangeOver.Names(standing.Over.HostsLack)}; {ChangeOver.Copy}."));
        });
    }

    /// <summary>Which keys count, and who has the next ones.</summary>
    private sealed record Standing(CenterKeysStanding Store, Core.Primitives.ByteString Present, bool IsTold, ChangeOver Over)
    {
        public static async Task<Standing> OfAsync(OpenCenter center, CancellationToken cancellation)
        {
            var next = center.Vault.NextKeys;
            var store = await center.Terminals.KeysStandingAsync(cancellation);
            var over = await ChangeOver.OfAsync(
                center, next?.Number ?? center.Vault.KeysNumber, await center.Terminals.KeysTerminalsCameWithAsync(cancellation),
                host => host.Keys == center.Vault.LatestKeys, cancellation);
            return new Standing(store, Core.Keys.CenterKeys.Sha256Of(center.Vault.Identity), next is not null && store.Told?.Sha256 == next.Sha256, over);
        }
    }
}
