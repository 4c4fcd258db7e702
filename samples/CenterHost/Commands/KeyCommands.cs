using System.CommandLine;
using System.Globalization;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>key</c>: card master keys come in as components that two or more custodians enter, each alone.</summary>
internal static class KeyCommands
{
    public static Command Make(Shell shell) => Shell.Group("key", "Card master keys, entered as components by two or more custodians.",
        Begin(shell), Enter(shell), Complete(shell), Cancel(shell), List(shell), KeyCeremonyCommand.Make(shell));

    private static Option<string> KeySet() => new("--key-set") { Description = "The key set's name, as products name it.", HelpName = "NAME", Required = true };

    private static Option<string> Version() => new("--kvn") { Description = "The key version number, two hexadecimal digits.", HelpName = "HH", Required = true };

    private static Option<string> CheckValue(string of) => new("--kcv") { Description = $"The check value of the {of}, six hexadecimal digits.", HelpName = "HEX", Required = true };

    private static Command Begin(Shell shell)
    {
        var (set, version) = (KeySet(), Version());
        var algorithm = new Option<string>("--algorithm") { Description = "aes128, aes192, aes256 or tripleDes.", Required = true };
        var components = new Option<int>("--components") { Description = "How many components.", DefaultValueFactory = _ => IKeyCeremony.MinComponents };
        return shell.Command("begin", "Begins to enter a key.", [set, version, algorithm, components], (call, cancellation) =>
            StepAsync(call, "KeyBegun", call.Get(set)!, KeyText.Version(call.Get(version)!), vault =>
                vault.Begin(call.Get(set)!, KeyText.Version(call.Get(version)!), KeyText.Algorithm(call.Get(algorithm)!), call.Get(components)), "Each custodian goes on with key enter.", cancellation));
    }

    private static Command Enter(Shell shell)
    {
        var (set, version, checkValue) = (KeySet(), Version(), CheckValue("component"));
        var number = new Option<int>("--number") { Description = "The component's number, from 1.", Required = true };
        var custodian = new Option<string>("--custodian") { Description = "Who enters it.", HelpName = "NAME", Required = true };
        var file = new Option<string?>("--component-file") { Description = "The file with the component in hexadecimal, - for standard input; asked for when left out.", HelpName = "FILE|-" };
        return shell.Command("enter", "Enters one component.", [set, version, number, custodian, checkValue, file], (call, cancellation) =>
        {
            if (call.Get(file) == "-" && call.PassphraseFile == "-") throw new CommandException(ExitCode.Usage, "Standard input can give only one of passphrase and component.");
            var person = new CustodianId(call.Get(custodian)!);
            return StepAsync(call, "KeyComponentEntered", call.Get(set)!, KeyText.Version(call.Get(version)!), vault =>
            {
                using var input = new SecretInput();
                using var typed = input.Read("component, hexadecimal", call.Get(file), "--component-file FILE, or --component-file -", cancellation);
                using var component = KeyText.Component(typed.Span);
                return vault.Enter(call.Get(set)!, KeyText.Version(call.Get(version)!), call.Get(number), person, component, KeyText.CheckValue(call.Get(checkValue)!));
            }, $"Component {call.Get(number)} of {person} is in. After the last one: key complete.", cancellation);
        });
    }

    private static Command Complete(Shell shell)
    {
        var (set, version, checkValue) = (KeySet(), Version(), CheckValue("whole key"));
        return shell.Command("complete", "Makes the key of its components.", [set, version, checkValue], (call, cancellation) =>
            StepAsync(call, "KeyCompleted", call.Get(set)!, KeyText.Version(call.Get(version)!), vault =>
                vault.Complete(call.Get(set)!, KeyText.Version(call.Get(version)!), KeyText.CheckValue(call.Get(checkValue)!)), "A running center takes the key at its next start.", cancellation));
    }

    private static Command Cancel(Shell shell)
    {
        var (set, version) = (KeySet(), Version());
        return shell.Command("cancel", "Gives up a key that is being entered, and forgets its components.", [set, version], (call, cancellation) =>
            StepAsync(call, "KeyCancelled", call.Get(set)!, KeyText.Version(call.Get(version)!), vault => vault.Cancel(call.Get(set)!, KeyText.Version(call.Get(version)!)), "Its components are forgotten.", cancellation));
    }

    private static Command List(Shell shell) => shell.Command("list", "Lists the keys with their check values, and those that are being entered.", [], async (call, cancellation) =>
    {
        await using var center = call.Open();
        var vault = center.Vault;
        var keys = vault.CardMasterKeys.Select(key => (
            Json: (object)new { keySet = key.KeySet, keyVersion = Hex(key.KeyVersion), algorithm = key.Algorithm, checkValue = key.CheckValue.ToString(), custodians = key.Custodians.Select(c => c.Value), state = "complete" },
            Text: $"{key.KeySet}  version {Hex(key.KeyVersion)}  {key.Algorithm}  check value {key.CheckValue}  by {string.Join(", ", key.Custodians)}"));
        var begun = vault.Ceremonies.Select(c => (
            Json: (object)new { keySet = c.KeySet, keyVersion = Hex(c.KeyVersion), algorithm = c.Algorithm, components = c.Components, entered = c.Entered.Select(e => new { number = e.Number, custodian = e.Custodian.Value }), state = "entering" },
            Text: $"{c.KeySet}  version {Hex(c.KeyVersion)}  {c.Algorithm}  {c.Entered.Count} of {c.Components} components are in"));
        return await call.Answers.ListAsync(keys.Concat(begun), key => key.Json, key => key.Text, "No keys; enter one with key begin.");
    });

    private static async Task<ExitCode> StepAsync(
        Call call, string kind, string keySet, byte version, Func<FileKeyVault, CeremonyRefusal> step, string next, CancellationToken cancellation)
    {
        await using var center = call.Open();
        var refusal = step(center.Vault);
        if (refusal != CeremonyRefusal.None) throw new CommandException(ExitCode.Refused, $"Key {keySet} version {Hex(version)}: {KeyText.Why(refusal)}");
        await center.NoteAsync(kind, new { keySet, keyVersion = Hex(version) }, cancellation: cancellation);
        return await call.Answers.SayAsync(new { ok = true, keySet, keyVersion = Hex(version) }, $"Key {keySet} version {Hex(version)}: done. {next}");
    }

    private static string Hex(byte version) => version.ToString("X2", CultureInfo.InvariantCulture);
}
