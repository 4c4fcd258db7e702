using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Enrolment;
using CardIssue.Terminal.Modules;
using CardIssue.TerminalHost.Counter;
using CardIssue.Transport.Tls;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>enroll</c>: makes the terminal's keys and has the center know them, by a one-time code. No file is carried.</summary>
internal static class EnrollCommand
{
    private const string About =
        """
        Makes the module with fresh keys and makes it known to the center with the one-time code of `centerhost terminal add --id`.
        The code proves both ends to each other. Cut anywhere, it is simply given again, with the same code.
        """;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);

    public static Command Make(HostSettings settings, TextWriter output)
    {
        var center = new Option<string>("--center") { Description = $"The way to the center: {WayAddress.Form}.", HelpName = "WAY",
            Required = true };
        var code = new Option<string?>("--code") { Description = "The one-time code; it is worth nothing once it was used. Without it, it is asked for." };
        var codeFile = new Option<string?>("--code-file") { Description = "File with the code; - for a line of standard input, before the passphrase if that comes from there too." };
        var common = new CommonOptions(settings);
        var command = new Command("enroll", About) { center, code, codeFile };
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = common.Folder(parsed);
            if (File.Exists(folder.Module) || Directory.Exists(folder.Module))
                throw new CommandException(ExitCode.File,
                    $"{folder.Module} exists already and was left as it is. To renew its keys use `module rotate`; for a new terminal name another --data folder.");
            var way = parsed.GetRequiredValue(center);
            var ways = WayAddress.ParseAll(center.Name, way);
            using var input = new SecretInput();
            using var secret = Code(parsed.GetValue(code), parsed.GetValue(codeFile), codeFile.Name, input, cancellation);
            Directory.CreateDirectory(folder.Path);
            using (var module = Module(folder, common, parsed, input, secret.Terminal, cancellation))
            {
                var trusted = await EnrolAsync(ways, module, secret, cancellation);
                WholeFile.Replace(folder.Center, trusted.Write());
                WholeFile.Replace(folder.Terminal, module.Identity.Write());
                // Until here the module is nobody's: the same command goes on where it was cut.
                File.Move(folder.Enrolling, folder.Module);
                File.Delete(folder.EnrollingLock);
                ModuleCommands.Print(output, common.IsJson(parsed), folder, module);
            }
            if (!common.IsJson(parsed)) output.WriteLine($"Next: set \"connect\": \"{way}\" in {HostSettings.FileName}, and look with `terminalhost check`.");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static EnrolmentCode Code(string? given, string? file, string option, SecretInput input, CancellationToken cancellation)
    {
        if (given is not null && file is not null) throw new CommandException(ExitCode.Usage, $"Give the code or {option}, not both.");
        using var text = given is not null ? SecretBytes.Copy(Encoding.UTF8.GetBytes(given))
            : input.Read("enrolment code", file, $"--code, {option} FILE, or {option} - for standard input", cancellation);
        return EnrolmentCode.TryParse(text.Span, out var fault) ?? throw new CommandException(ExitCode.Usage,
            $"This is no enrolment code: {fault}.");
    }

    /// <summary>The keys are in their file before the center hears of them, and those of an earlier try are used again.</summary>
    private static SoftwareModuleFile Module(
        TerminalFolder folder, CommonOptions common, ParseResult parsed, SecretInput input, TerminalId terminal,
            CancellationToken cancellation)
    {
        var goesOn = File.Exists(folder.Enrolling);
        using var passphrase = goesOn ? common.Passphrase(parsed, input, cancellation) : common.NewPassphrase(parsed, input, cancellation);
        if (goesOn)
        {
            var before = SoftwareModuleFile.Open(folder.Enrolling, passphrase);
            if (before.Identity.Id == terminal && !before.Identity.TlsCertificate.IsEmpty) return before;
            before.Dispose();
            File.Delete(folder.Enrolling);
        }
        var module = SoftwareModuleFile.Create(folder.Enrolling, passphrase, terminal);
        try
        {
            using var pfx = TerminalCertificate.Create(terminal, out var sha256);
            module.UseTlsClient(pfx.Span, sha256);
            return module;
        }
        catch
        {
            module.Dispose();
            File.Delete(folder.Enrolling);
            throw;
        }
    }

    private static async Task<CenterIdentity> EnrolAsync(IReadOnlyList<WayAddress> ways, SoftwareModuleFile module, EnrolmentCode code,
        CancellationToken cancellation)
    {
        using X509Certificate2 certificate = TlsCertificates.FromPfx(module.TlsClient, []);
        await using var line = await CenterLine.ConnectAsync(ways, null, certificate, TlsTrust.ProvedAfterwards, ConnectTimeout, ConnectTimeout,
            cancellation);
        var result = await TerminalEnrolment.EnrolAsync(line, module, code, cancellation);
        return result.Center ?? throw (result.Fault switch
        {
            EnrolmentFault.NoAnswer => new CommandException(ExitCode.Failed,
                "The line ended before the center answered. Give the same command again, with the same code: it goes on where it was."),
            EnrolmentFault.NotTheCenter => new CommandException(ExitCode.Refused,
                "What answered is not the center that made this code: somebody may be in between. Nothing was taken over; ask the center's people, and for a new code."),
            _ => new CommandException(ExitCode.Refused,
                "The center does not take this code: it is wrong, was used or has expired, or is not for this line and address. The center's log says which; its people make a new one with `centerhost terminal add --id`."),
        });
    }
}
