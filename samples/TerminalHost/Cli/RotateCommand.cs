using System.CommandLine;
using System.Text.Json;
using CardIssue.TerminalHost.Answers;
using CardIssue.TerminalHost.Counter;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>module rotate</c>: new keys and a new certificate, over the terminal's own line.</summary>
internal static class RotateCommand
{
    public static Command Make(HostSettings settings, TextWriter output)
    {
        var (common, connection) = (new CommonOptions(settings), new ConnectionOptions(settings));
        var command = new Command("rotate",
            "Renews the terminal's keys and its certificate now, over its line to the center. `issue` and `watch` do it by themselves before the certificate runs out.");
        connection.AddTo(command);
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = common.Folder(parsed);
            var line = connection.Line(parsed);
            using var file = ModuleCommands.Open(folder, common, parsed, cancellation);
            if (file.Center is null) throw new CommandException(ExitCode.Failed,
                "The module trusts no center yet: `terminalhost enroll` makes it known to one.");
            await new KeyRotation(folder, line, TimeSpan.Zero, TimeProvider.System).RunAsync(file, cancellation);
            output.WriteLine(common.IsJson(parsed)
                ? JsonSerializer.Serialize(
                    new RotationAnswer(true, file.Identity.Id.Value, file.Identity.KeyVersion, file.Identity.TlsCertificate.ToString()), AnswerJson.Default.RotationAnswer)
                : $"Terminal {file.Identity.Id} has new keys: key version {file.Identity.KeyVersion}. The center takes those of before until it first comes with these.");
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
