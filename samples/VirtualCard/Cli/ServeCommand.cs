using System.CommandLine;
using System.Text.Json;
using CardIssue.Testing.Cards.Net;

namespace CardIssue.VirtualCard.Cli;

/// <summary><c>serve</c>: a reader with this card on a loopback port.</summary>
internal static class ServeCommand
{
    public static Command Make(TextWriter output)
    {
        var port = NumberOption.Required("--port", "The loopback port (0: any) that a terminal's TCP reader connects to.", 0, 0xFFFF);
        var options = new CardOptions();
        var command = new Command("serve", "Offers a card on a loopback port: vpcd's wire, with the terminal connecting. Runs until interrupted.") { port };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var slot = options.MakeSlot(parsed);
            using var server = Port.Open(parsed.GetValue(port), at => new CardServer(slot, at, options.MakePacer(parsed)));
            using var control = options.OpenControl(parsed, slot);
            await output.WriteLineAsync(parsed.GetValue(options.Json)
                ? JsonSerializer.Serialize(new { ok = true, port = server.Port, controlPort = control?.Port })
                : $"card reader on 127.0.0.1:{server.Port}{(control is null ? "" : $", control on 127.0.0.1:{control.Port}")}");
            await output.FlushAsync(cancellation);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var hand = control?.RunAsync(stop.Token) ?? Task.CompletedTask;
            try
            {
                await server.RunAsync(cancellation);
            }
            finally
            {
                await stop.CancelAsync();
                await hand;
            }
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
