using System.CommandLine;
using System.Text.Json;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Serial;

namespace CardIssue.VirtualCard.Cli;

/// <summary><c>twin</c>: a GemPC Twin with this card, on a serial port.</summary>
internal static class TwinCommand
{
    public static Command Make(TextWriter output)
    {
        var port = new Option<string>("--port") { Description = "The serial port, or a pseudo terminal, that the reader is on.", Required = true };
        var options = new CardOptions();
        var command = new Command("twin", "Plays a GemPC Twin, a serial card reader, with a card in it. Runs until interrupted or the line ends.") { port };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var slot = options.MakeSlot(parsed);
            using var line = Port.OpenSerial(parsed.GetValue(port)!);
            using var control = options.OpenControl(parsed, slot);
            await output.WriteLineAsync(parsed.GetValue(options.Json)
                ? JsonSerializer.Serialize(new { ok = true, port = parsed.GetValue(port), controlPort = control?.Port })
                : $"GemPC Twin on {parsed.GetValue(port)}{(control is null ? "" : $", control on 127.0.0.1:{control.Port}")}");
            await output.FlushAsync(cancellation);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var hand = control?.RunAsync(stop.Token) ?? Task.CompletedTask;
            try
            {
                await new GemPcTwin(line.BaseStream, slot, timing: options.MakeTiming(parsed)).RunAsync(cancellation);
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
