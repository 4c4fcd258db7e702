using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CardIssue.CenterHost.Cli;
using CardIssue.Center.Approvals;
using CardIssue.Center.Vault;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order key</c>: what issuers encrypt orders to.</summary>
internal static class OrderKeyCommands
{
    public static Command Make(Shell shell) => Shell.Group("key", "The keys that issuers encrypt orders to; the private ones are in the vault.",
        New(shell), List(shell), Export(shell), Destroy(shell));

    private static Command New(Shell shell)
    {
        var days = NumberOption.Of("--days", "How many days its certificate is good for.", 1, 3_650, 1_095);
        return shell.Command("make", "Makes a new key, the first or the next; those before it still open.", [days], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var now = DateTimeOffset.UtcNow;
            var made = center.Vault.MakeOrderFileKey(now, now.AddDays(call.Get(days)));
            await center.NoteAsync("OrderKeyMade", new { person = center.By.Name.Value, version = made.Version }, cancellation: cancellation);
            return await call.Answers.SayAsync(View(made), $"Key {made.Version} is made; give issuers its certificate: order key export --out FILE.");
        });
    }

    private static Command List(Shell shell) => shell.Command("list", "Lists the keys.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        return await call.Answers.ListAsync(center.Vault.OrderFileKeys, View, Line, "No key; make one with order key make.");
    });

    private static Command Export(Shell shell)
    {
        var to = new Option<string>("--out") { Description = "A new file for the certificate (PEM), which is public.", HelpName = "FILE", Required = true };
        return shell.Command("export", "Writes the newest key's certificate, as openssl cms -encrypt takes it.", [to], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            if (center.Vault.OrderFileKeys is not [.., var newest]) throw new CommandException(ExitCode.Refused, "There is no key; make one with order key make.");
            var path = call.Get(to)!;
            if (File.Exists(path)) throw new CommandException(ExitCode.File, $"{path} is there already; name another file.");
            WholeFile.Make(path, Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", newest.Certificate.Span) + "\n"));
            return await call.Answers.SayAsync(View(newest), $"""
                The certificate of key {newest.Version} is in {path}. Issuers encrypt orders to it with OpenSSL 3:
                openssl cms -encrypt -binary -aes-256-gcm -outform DER -in orders.jsonl -out orders.jsonl.cms {Path.GetFileName(path)}
                """);
        });
    }

    private static Command Destroy(Shell shell)
    {
        var version = new Argument<int>("VERSION") { Description = "Its number; never the newest one." };
        var (approval, reason) = (KeyCommands.Approval(), OrderDeskCommands.Reason(required: false));
        return shell.Command("destroy", "Asks to destroy an older key; with --approval, destroys it: what is encrypted to it opens no more.", [version, approval, reason], async (call, cancellation) =>
        {
            var number = call.Get(version);
            await using var center = await call.OpenAsync(cancellation);
            if (center.Vault.OrderFileKeys.SkipLast(1).FirstOrDefault(key => key.Version == number) is not { } key)
                throw new CommandException(ExitCode.Refused, $"There is no key {number}, or it is the newest; see order key list, and make the next with order key make.");
            var act = new CenterAct.DestroyOrderKey(number, key.Fingerprint);
            if (call.Get(approval) is not { } approved)
                return await Asking.AskAsync(call, center, act, call.Get(reason) ?? throw new CommandException(ExitCode.Usage, "Say why with --reason."), null, cancellation);
            var agreed = await KeyApprovals.UseAsync(center, approved, act, cancellation);
            if (!center.Vault.DestroyOrderFileKey(number, agreed)) throw new CommandException(ExitCode.Refused, $"Key {number} is not there any more; see order key list.");
            await center.NoteAsync("OrderKeyDestroyed", new { person = center.By.Name.Value, version = number }, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, version = number }, $"Key {number} is destroyed.");
        });
    }

    private static object View(OrderFileKeyInfo key) => new { ok = true, version = key.Version, notAfter = key.NotAfter.UtcDateTime, sha256 = key.Fingerprint.ToString() };

    private static string Line(OrderFileKeyInfo key) =>
        string.Create(CultureInfo.InvariantCulture, $"key {key.Version}  until {key.NotAfter:u}  certificate SHA-256 {key.Fingerprint}");
}
