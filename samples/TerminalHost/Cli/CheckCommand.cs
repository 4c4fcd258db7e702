using System.CommandLine;
using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Readers;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Answers;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using CardIssue.Transport.Tls;
using Command = System.CommandLine.Command;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>check</c>: line by line what is right and what is wrong.</summary>
internal static class CheckCommand
{
    public static Command Make(HostSettings settings, TextWriter output)
    {
        var (common, connection) = (new CommonOptions(settings), new ConnectionOptions(settings));
        var command = new Command("check", "Says what is right and what is wrong with module, reader, line and access. Without --connect the line is left out, without --reader the reader.");
        connection.AddTo(command);
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var line = connection.HasCenter(parsed) ? connection.Line(parsed) : null;
            var (reader, sam) = (connection.HasReader(parsed) ? connection.Reader(parsed) : null, connection.Sam(parsed));
            using var file = ModuleCommands.Open(common.Folder(parsed), common, parsed, cancellation);
            var findings = new Findings(output, common.IsJson(parsed));
            CheckModule(findings, file, line);
            if (reader is not null) await CheckReaderAsync(findings, reader, cancellation);
            else findings.Add(Finding.Skipped, "reader", "not checked: no --reader was named");
            if (sam is not null) await CheckSamAsync(findings, sam, cancellation);
            if (line is not null) await CheckLineAsync(findings, file, line, reader, sam, cancellation);
            else findings.Add(Finding.Skipped, "line", "not checked: no --connect was named");
            return (int)findings.Code;
        });
        return command;
    }

    private static void CheckModule(Findings findings, SoftwareModuleFile file, LineAddress? line)
    {
        findings.Add(Finding.Right, "module", $"opens; terminal {file.Identity.Id}, key version {file.Identity.KeyVersion}");
        if (file.Center is { } center) findings.Add(Finding.Right, "trust", $"trusts center {center.Id}");
        else findings.Add(Finding.Wrong, "trust", "trusts no center; use `module import`");
        if (file.TlsClient.IsEmpty)
        {
            if (line is { NeedsTls: false }) findings.Add(Finding.Skipped, "certificate", "none, and none is needed on a line without TLS");
            else findings.Add(Finding.Wrong, "certificate", "the module has no TLS certificate; make a new module");
            return;
        }
        using var certificate = TlsCertificates.FromPfx(file.TlsClient, []);
        var until = certificate.NotAfter.ToUniversalTime();
        findings.Add(until > DateTime.UtcNow ? Finding.Right : Finding.Wrong, "certificate", $"TLS certificate {file.Identity.TlsCertificate} is valid until {until:yyyy-MM-dd}");
    }

    private static async Task CheckReaderAsync(Findings findings, ReaderAddress reader, CancellationToken cancellation)
    {
        var found = await ReaderProbe.LookAsync(reader, cancellation);
        findings.Add(found.Answers ? Finding.Right : Finding.Wrong, "reader", $"{ReaderText.Describe(reader, found.Identity)}: {found.Text}");
    }

    private static async Task CheckSamAsync(Findings findings, ReaderAddress address, CancellationToken cancellation)
    {
        try
        {
            await using var slot = address.Open();
            using var sam = new SamReaderKey(slot);
            var key = await sam.ReadPublicKeyAsync(cancellation);
            if (key.Fault is ReaderKeyFault.None) findings.Add(Finding.Right, "sam", $"{address}: carries the key {key.Value}");
            else findings.Add(Finding.Wrong, "sam", $"{address}: {key.Detail}");
        }
        catch (CardException e)
        {
            findings.Add(Finding.Wrong, "sam", $"{address}: {e.Message}");
        }
    }

    private static async Task CheckLineAsync(Findings findings, SoftwareModuleFile file, LineAddress line, ReaderAddress? reader, ReaderAddress? sam, CancellationToken cancellation)
    {
        try
        {
            await using var counter = TerminalCounter.Open(file, line, reader?.Open() ?? new NoReader(), new SilentDisplay(), samSlot: sam?.Open());
            var (access, report) = await counter.AskAccessAsync(cancellation);
            if (report is null)
            {
                findings.Add(Finding.Right, "line", $"{line} is up, {line.Guard}");
                findings.Add(Finding.Refused, "access", access is IssueNotice.AccessRefused
                    ? "refused: the center does not let this terminal in at this address and line; have the center's operator see its log"
                    : "the other end could not prove that it is the known center");
                return;
            }
            findings.Add(Finding.Right, "line", $"{line} is up, {line.Guard}");
            var agreed = line.Line is null || line.Line == report.Line;
            findings.Add(agreed ? Finding.Right : Finding.Wrong, "access",
                $"granted; the center takes this for terminal {report.Terminal} on line {report.Line}{(agreed ? "" : $", but --line says {line.Line}")}");
            if (reader is not null) CheckReaderKnown(findings, await counter.Relay.JudgeReaderAsync(cancellation));
        }
        catch (CardException e)
        {
            findings.Add(Finding.Wrong, "reader list", $"the reader was not asked whether it is known: {e.Message}");
        }
        catch (CommandException e)
        {
            findings.Add(e.Code is ExitCode.Refused ? Finding.Refused : Finding.Wrong, "line", e.Message);
        }
    }

    private static void CheckReaderKnown(Findings findings, ReaderJudgement judgement)
    {
        if (judgement is ReaderJudgement.Unknown unknown) findings.Add(Finding.Refused, "reader list", $"not known to the center: {unknown.Reason}; see `terminalhost reader enroll`");
        else findings.Add(Finding.Right, "reader list", "known to the center");
    }

    private enum Finding
    {
        Right,
        Wrong,
        Refused,
        Skipped,
    }

    /// <summary>Prints as it goes; a refusal outweighs what is merely wrong.</summary>
    private sealed class Findings(TextWriter output, bool json)
    {
        public ExitCode Code { get; private set; }

        public void Add(Finding finding, string part, string text)
        {
            if (finding is Finding.Refused || (finding is Finding.Wrong && Code is ExitCode.Ok)) Code = finding is Finding.Refused ? ExitCode.Refused : ExitCode.Failed;
            var word = finding switch
            {
                Finding.Right => "ok",
                Finding.Wrong => "wrong",
                Finding.Refused => "refused",
                Finding.Skipped => "-",
            };
            output.WriteLine(json ? JsonSerializer.Serialize(new FindingAnswer(part, word, text), AnswerJson.Default.FindingAnswer) : $"{word,-8} {part,-12} {text}");
            output.Flush();
        }
    }
}
