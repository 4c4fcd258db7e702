using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json;
using CardIssue.Testing.Cards.Net;

namespace CardIssue.VirtualCard.Cli;

/// <summary><c>vpcd</c>: brings the card to a vpcd driver of pcscd.</summary>
internal static class VpcdCommand
{
    private const int FirstSlot = 35963;

    public static Command Make(TextWriter output)
    {
        var host = new Option<string>("--host") { Description = "Where pcscd with the vpcd driver runs.", DefaultValueFactory = _ => "127.0.0.1" };
        var port = NumberOption.Of("--port", "The driver's port.", 1, 0xFFFF, FirstSlot);
        var options = new CardOptions();
        var command = new Command("vpcd", "Connects a card to the vpcd driver, so that PC/SC programs see it. Runs until interrupted or the driver closes.") { host, port };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var slot = options.MakeSlot(parsed);
            using var control = options.OpenControl(parsed, slot);
            await output.WriteLineAsync(parsed.GetValue(options.Json)
                ? JsonSerializer.Serialize(new { ok = true, host = parsed.GetValue(host), port = parsed.GetValue(port), controlPort = control?.Port })
                : $"card to vpcd at {parsed.GetValue(host)}:{parsed.GetValue(port)}{(control is null ? "" : $", control on 127.0.0.1:{control.Port}")}");
            await output.FlushAsync(cancellation);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var hand = control?.RunAsync(stop.Token) ?? Task.CompletedTask;
            try
            {
                await VpcdClient.RunAsync(parsed.GetValue(host)!, parsed.GetValue(port), slot, options.MakePacer(parsed), cancellation);
            }
            catch (SocketException e)
            {
                throw new CommandException(ExitCode.Failed, $"No vpcd driver at {parsed.GetValue(host)}:{parsed.GetValue(port)}: {e.Message}. Start pcscd with vsmartcard-vpcd.", e);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // It runs until it is stopped.
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
