using System.CommandLine;
using CardIssue.Center.Approvals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>key ceremony</c>: a whole ceremony from one file, for test keys; one person asks for it and another approves, for there is no way past dual control.</summary>
internal static class KeyCeremonyCommand
{
    public static Command Make(Shell shell)
    {
        var file = new Option<FileInfo>("--file") { Description = "JSON with keySet, keyVersion, algorithm, checkValue, and components with custodian, component, checkValue.", Required = true };
        var approval = KeyCommands.Approval();
        return shell.Command("ceremony", "FOR TEST KEYS ONLY: asks to enter all components of a key from one file; with --approval, does.", [file, approval], async (call, cancellation) =>
        {
            await call.Answers.WarnAsync("TEST KEYS ONLY: whoever has this file has the key. For a real key each custodian enters a component with key enter.");
            var ceremony = KeyCeremonyFile.Read(call.Get(file)!);
            var act = new CenterAct.MakeKey(
                ceremony.KeySet, KeyText.Version(ceremony.KeyVersion), KeyText.Algorithm(ceremony.Algorithm), KeyText.CheckValue(ceremony.CheckValue));
            if (ceremony.Components.Select(entry => new CustodianId(entry.Custodian)).Distinct().Count() < ceremony.Components.Count)
                throw new CommandException(ExitCode.Refused, $"Key {ceremony.KeySet} version {ceremony.KeyVersion}: {KeyText.Why(CeremonyRefusal.SameCustodian)}");
            await using var center = await call.OpenAsync(cancellation);
            await center.CheckKeySetAsync(ceremony.KeySet, cancellation);
            if (call.Get(approval) is not { } approved) return await Asking.AskAsync(call, center, act, "a test key", null, cancellation);
            Perform(center.Vault, ceremony, await KeyApprovals.UseAsync(center, approved, act, cancellation));
            await center.NoteAsync(
                "TestKeyEntered", new { person = center.By.Name.Value, keySet = ceremony.KeySet, keyVersion = ceremony.KeyVersion }, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, keySet = ceremony.KeySet, keyVersion = ceremony.KeyVersion, checkValue = ceremony.CheckValue },
                $"Test key {ceremony.KeySet} version {ceremony.KeyVersion}, check value {ceremony.CheckValue}, is in the vault.");
        });
    }

    private static void Perform(FileKeyVault vault, KeyCeremonyFile file, KeyApproval approval)
    {
        var version = KeyText.Version(file.KeyVersion);
        Check(vault.Begin(file.KeySet, version, KeyText.Algorithm(file.Algorithm), file.Components.Count), "begin");
        try
        {
            for (var i = 0; i < file.Components.Count; i++)
            {
                var entry = file.Components[i];
                using var component = KeyText.Component(System.Text.Encoding.ASCII.GetBytes(entry.Component));
                Check(vault.Enter(file.KeySet, version, i + 1, new CustodianId(entry.Custodian), component, KeyText.CheckValue(entry.CheckValue)), $"component {i + 1}");
            }
            Check(vault.Complete(file.KeySet, version, KeyText.CheckValue(file.CheckValue), approval), "the whole key");
        }
        catch
        {
            vault.Cancel(file.KeySet, version);
            throw;
        }

        void Check(CeremonyRefusal refusal, string what)
        {
            if (refusal != CeremonyRefusal.None) throw new CommandException(ExitCode.Refused, $"Key {file.KeySet} version {file.KeyVersion}, {what}: {KeyText.Why(refusal)}");
        }
    }
}
