using System.CommandLine;
using System.Globalization;
using CardIssue.Center.Approvals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>key</c>: card master keys come in as components that two or more custodians enter, each alone.</summary>
internal static class KeyCommands
{
    public static Command Make(Shell shell) => Shell.Group("key", "Card master keys, entered as components by two or more custodians.",
        Begin(shell), Enter(shell), Complete(shell), Cancel(shell), Destroy(shell), List(shell), KeyCeremonyCommand.Make(shell));

    private static Option<string> KeySet() => new("--key-set") { Description = "The key set's name, as products name it.", HelpName = "NAME", Required = true };

    private static Option<string> Version() => new("--kvn") { Description = "The key version number, two hexadecimal digits.", HelpName = "HH", Required = true };

    private static Option<string> CheckValue(string of) => new("--kcv") { Description = $"The check value of the {of}, six hexadecimal digits.", HelpName = "HEX", Required = true };

    private static Command Begin(Shell shell)
    {
        var (set, version) = (KeySet(), Version());
        var algorithm = new Option<string>("--algorithm") { Description = "aes128, aes192, aes256 or tripleDes.", Required = true };
        var components = new Option<int>("--components") { Description = "How many components.", DefaultValueFactory = _ => IKeyCeremony.MinComponents };
        return shell.Command("begin", "Begins to enter a key.", [set, version, algorithm, components], (call, cancellation) =>
            StepAsync(call, "KeyBegun", call.Get(set)!, KeyText.Version(call.Get(version)!), (vault, _) =>
                vault.Begin(call.Get(set)!, KeyText.Version(call.Get(version)!), KeyText.Algorithm(call.Get(algorithm)!), call.Get(components)), "Each custodian goes on with key enter.", cancellation));
    }

    private static Command Enter(Shell shell)
    {
        var (set, version, checkValue) = (KeySet(), Version(), CheckValue("component"));
        var number = new Option<int>("--number") { Description = "The component's number, from 1.", Required = true };
        var file = new Option<string?>("--component-file") { Description = "The file with the component in hexadecimal, - for standard input; asked for when left out.", HelpName = "FILE|-" };
        return shell.Command("enter", "Enters one component; whoever gives the command is its custodian.", [set, version, number, checkValue, file], (call, cancellation) =>
        {
            Call.OnlyOnce("-", call.PassphraseFile, call.PasswordFile, call.Get(file));
            return StepAsync(call, "KeyComponentEntered", call.Get(set)!, KeyText.Version(call.Get(version)!), (vault, person) =>
            {
                using var input = new SecretInput();
                using var typed = input.Read("component, hexadecimal", call.Get(file), "--component-file FILE, or --component-file -", cancellation);
                using var component = KeyText.Component(typed.Span);
                return vault.Enter(call.Get(set)!, KeyText.Version(call.Get(version)!), call.Get(number), new CustodianId(person), component, KeyText.CheckValue(call.Get(checkValue)!));
            }, $"Component {call.Get(number)} is in. After the last one: key complete.", cancellation);
        });
    }

    private static Command Complete(Shell shell)
    {
        var (set, version, checkValue, approval, reason) = (KeySet(), Version(), CheckValue("whole key"), Approval(), OrderDeskCommands.Reason(required: false));
        return shell.Command("complete", "Asks to make the key of its components; with --approval, makes it.", [set, version, checkValue, approval, reason], async (call, cancellation) =>
        {
            var (name, number, value) = (call.Get(set)!, KeyText.Version(call.Get(version)!), KeyText.CheckValue(call.Get(checkValue)!));
            await using var center = await call.OpenAsync(cancellation);
            await center.CheckKeySetAsync(name, cancellation);
            var begun = center.Vault.Ceremonies.FirstOrDefault(ceremony => ceremony.KeySet == name && ceremony.KeyVersion == number)
                ?? throw Refused(name, number, CeremonyRefusal.NoCeremony);
            if (begun.Entered.Count < begun.Components) throw Refused(name, number, CeremonyRefusal.Incomplete);
            var act = new CenterAct.MakeKey(name, number, begun.Algorithm, value);
            if (call.Get(approval) is not { } approved) return await Asking.AskAsync(call, center, act, call.Get(reason) ?? "a key ceremony", null, cancellation);
            var agreed = await KeyApprovals.UseAsync(center, approved, act, cancellation);
            if (center.Vault.Complete(name, number, value, agreed) is not CeremonyRefusal.None and var refusal) throw Refused(name, number, refusal);
            return await DoneAsync(call, center, "KeyCompleted", name, number, "A running center takes the key now.", cancellation);
        });
    }

    private static Command Destroy(Shell shell)
    {
        var (set, version, approval, reason) = (KeySet(), Version(), Approval(), OrderDeskCommands.Reason(required: false));
        return shell.Command("destroy", "Asks to destroy a key, for when no card of it is issued or rewritten any more; with --approval, destroys it.", [set, version, approval, reason], async (call, cancellation) =>
        {
            var (name, number) = (call.Get(set)!, KeyText.Version(call.Get(version)!));
            await using var center = await call.OpenAsync(cancellation);
            await center.CheckKeySetAsync(name, cancellation);
            var key = center.Vault.CardMasterKeys.FirstOrDefault(key => key.KeySet == name && key.KeyVersion == number)
                ?? throw new CommandException(ExitCode.Usage, $"The vault has no key {name} of version {Hex(number)}; see key list.");
            var act = new CenterAct.DestroyKey(name, number, key.CheckValue);
            if (call.Get(approval) is not { } approved)
                return await Asking.AskAsync(call, center, act, call.Get(reason) ?? throw new CommandException(ExitCode.Usage, "Say why with --reason."), null, cancellation);
            var agreed = await KeyApprovals.UseAsync(center, approved, act, cancellation);
            if (!center.Vault.Destroy(name, number, agreed)) throw Refused(name, number, CeremonyRefusal.NotApproved);
            return await DoneAsync(call, center, "KeyDestroyed", name, number, "A running center has it no more.", cancellation);
        });
    }

    public static Option<long?> Approval() => new("--approval") { Description = "The number under which another custodian approved it.", HelpName = "N" };

    private static Command Cancel(Shell shell)
    {
        var (set, version) = (KeySet(), Version());
        return shell.Command("cancel", "Gives up a key that is being entered, and forgets its components.", [set, version], (call, cancellation) =>
            StepAsync(call, "KeyCancelled", call.Get(set)!, KeyText.Version(call.Get(version)!), (vault, _) => vault.Cancel(call.Get(set)!, KeyText.Version(call.Get(version)!)), "Its components are forgotten.", cancellation));
    }

    private static Command List(Shell shell) => shell.Command("list", "Lists the keys with their check values, and those that are being entered.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var (vault, owners) = (center.Vault, await center.OwnersAsync(cancellation));
        var keys = vault.CardMasterKeys.Where(key => center.By.IsFor(owners.Of(key.KeySet))).Select(key => (
            Json: (object)new { keySet = key.KeySet, issuer = owners.Of(key.KeySet)?.Value, keyVersion = Hex(key.KeyVersion), algorithm = key.Algorithm, checkValue = key.CheckValue.ToString(), custodians = key.Custodians.Select(c => c.Value), state = "complete" },
            Text: $"{key.KeySet}  version {Hex(key.KeyVersion)}  {key.Algorithm}  check value {key.CheckValue}  by {string.Join(", ", key.Custodians)}{Whose(owners.Of(key.KeySet))}"));
        var begun = vault.Ceremonies.Where(c => center.By.IsFor(owners.Of(c.KeySet))).Select(c => (
            Json: (object)new { keySet = c.KeySet, issuer = owners.Of(c.KeySet)?.Value, keyVersion = Hex(c.KeyVersion), algorithm = c.Algorithm, components = c.Components, entered = c.Entered.Select(e => new { number = e.Number, custodian = e.Custodian.Value }), state = "entering" },
            Text: $"{c.KeySet}  version {Hex(c.KeyVersion)}  {c.Algorithm}  {c.Entered.Count} of {c.Components} components are in{Whose(owners.Of(c.KeySet))}"));
        return await call.Answers.ListAsync(keys.Concat(begun), key => key.Json, key => key.Text, "No keys; enter one with key begin.");
    });

    private static async Task<ExitCode> StepAsync(
        Call call, string kind, string keySet, byte version, Func<FileKeyVault, string, CeremonyRefusal> step, string next, CancellationToken cancellation)
    {
        await using var center = await call.OpenAsync(cancellation);
        await center.CheckKeySetAsync(keySet, cancellation);
        // The vault is another file than the store: what is about to be done is in the log before, what came of it after.
        await center.NoteAsync("KeyStep", new { person = center.By.Name.Value, step = kind, keySet, keyVersion = Hex(version) }, cancellation: cancellation);
        var refusal = step(center.Vault, center.By.Name.Value);
        if (refusal != CeremonyRefusal.None) throw Refused(keySet, version, refusal);
        return await DoneAsync(call, center, kind, keySet, version, next, cancellation);
    }

    private static async Task<ExitCode> DoneAsync(Call call, OpenCenter center, string kind, string keySet, byte version, string next, CancellationToken cancellation)
    {
        await center.NoteAsync(kind, new { person = center.By.Name.Value, keySet, keyVersion = Hex(version) }, cancellation: cancellation);
        return await call.Answers.SayAsync(new { ok = true, keySet, keyVersion = Hex(version) }, $"Key {keySet} version {Hex(version)}: done. {next}");
    }

    private static string Whose(IssuerId? issuer) => issuer is { } of ? $"  issuer {of}" : "";

    private static CommandException Refused(string keySet, byte version, CeremonyRefusal refusal) =>
        new(ExitCode.Refused, $"Key {keySet} version {Hex(version)}: {KeyText.Why(refusal)}");

    private static string Hex(byte version) => version.ToString("X2", CultureInfo.InvariantCulture);
}

/// <summary>Approvals of what is done to keys.</summary>
internal static class KeyApprovals
{
    /// <summary>Uses one up.</summary>
    /// <exception cref="CommandException">It is not approved, or for something else.</exception>
    public static async Task<KeyApproval> UseAsync(OpenCenter center, long number, CenterAct act, CancellationToken cancellation)
    {
        var (outcome, approval) = await center.Approvals.UseAsync(center.By, number, act, cancellation);
        return approval ?? throw new CommandException(ExitCode.Refused, outcome switch
        {
            ApprovalOutcome.Decided => $"Approval {number} is not approved yet, or was used or declined; see approval show {number}.",
            ApprovalOutcome.NotPossible => $"Approval {number} is for something else; see approval show {number}.",
            _ => PersonText.Why(new ApprovalResult(outcome, number)),
        });
    }
}
