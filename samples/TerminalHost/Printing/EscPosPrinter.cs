using System.Threading.Channels;

namespace CardIssue.TerminalHost.Printing;

/// <summary>
/// One receipt to an ESC/POS printer. It is asked whether it can print, and then whether it has: a network printer takes a whole receipt also
/// when it has no paper. One that tells nothing of itself is believed to have printed what it took.
/// </summary>
internal sealed class EscPosPrinter(PrinterPort port, EscPos paper, TimeProvider time)
{
    /// <summary>How long a printer may take to answer, to come up, and for all of it.</summary>
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(1), Connect = TimeSpan.FromSeconds(5), Longest = TimeSpan.FromSeconds(20);

    /// <summary>How often it is asked again whether it has come to the receipt's end. Not all printers know that question.</summary>
    private const int Asks = 5;

    private const int CoverOpen = 0x04, StoppedForPaper = 0x20, Error = 0x40, PaperEnd = 0x60;

    /// <summary>Prints it.</summary>
    /// <exception cref="PrinterException">It is not printed, or perhaps not whole.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task PrintAsync(string heading, string words, string foot, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            await using var stream = await OpenAsync(either.Token);
            // Whatever happens, what still reads ends with the stream.
            using var over = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
            var answers = Channel.CreateUnbounded<byte>();
            var listening = ListenAsync(stream, answers.Writer, over.Token);
            try
            {
                await TalkAsync(stream, answers.Reader, paper.Receipt(heading, words, foot), either.Token);
            }
            finally
            {
                await over.CancelAsync();
                await stream.DisposeAsync();
                await listening;
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new PrinterException(PrinterFault.Slow, inner: e);
        }
        catch (Exception e) when (e is not PrinterException && e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw new PrinterException(PrinterFault.Gone, e.Message, e);
        }
    }

    private async Task TalkAsync(Stream stream, ChannelReader<byte> answers, byte[] receipt, CancellationToken cancellation)
    {
        var talks = await CanPrintAsync(stream, answers, cancellation);
        await stream.WriteAsync(receipt, cancellation);
        if (!talks)
        {
            await stream.FlushAsync(cancellation);
            return;
        }
        await stream.WriteAsync(EscPos.AskInTurn.ToArray(), cancellation);
        for (var asked = 0; asked < Asks; asked++)
        {
            if (await NextAsync(answers, IsInTurn, cancellation) is not null) return;
            // It waits for paper, or has no such command: what it says of itself tells.
            await CanPrintAsync(stream, answers, cancellation);
        }
    }

    /// <summary>Whether it tells how it is; then it can print.</summary>
    /// <exception cref="PrinterException">It says that it can't.</exception>
    private async Task<bool> CanPrintAsync(Stream stream, ChannelReader<byte> answers, CancellationToken cancellation)
    {
        await stream.WriteAsync(EscPos.AskOfflineCause.ToArray(), cancellation);
        if (await NextAsync(answers, IsRealTime, cancellation) is not { } cause) return false;
        await stream.WriteAsync(EscPos.AskPaper.ToArray(), cancellation);
        var roll = await NextAsync(answers, IsRealTime, cancellation);
        if ((cause & CoverOpen) != 0) throw new PrinterException(PrinterFault.CoverOpen);
        if ((cause & StoppedForPaper) != 0 || (roll & PaperEnd) is > 0) throw new PrinterException(PrinterFault.NoPaper);
        if ((cause & Error) != 0) throw new PrinterException(PrinterFault.Offline);
        return true;
    }

    /// <summary>The next answer of a kind; null when none comes in time.</summary>
    /// <exception cref="PrinterException">The printer hung up.</exception>
    private async Task<byte?> NextAsync(ChannelReader<byte> answers, Func<byte, bool> isIt, CancellationToken cancellation)
    {
        using var slow = new CancellationTokenSource(Answer, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        try
        {
            while (true)
                if (await answers.ReadAsync(either.Token) is var answer && isIt(answer)) return answer;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (ChannelClosedException e)
        {
            throw new PrinterException(PrinterFault.Gone, inner: e);
        }
    }

    private async Task<Stream> OpenAsync(CancellationToken cancellation)
    {
        using var slow = new CancellationTokenSource(Connect, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        try
        {
            return await port.OpenAsync(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new PrinterException(PrinterFault.Gone, inner: e);
        }
    }

    /// <summary>One loop reads: a read of a serial port that is left behind would swallow the next answer.</summary>
    private static async Task ListenAsync(Stream stream, ChannelWriter<byte> answers, CancellationToken cancellation)
    {
        var buffer = new byte[16];
        try
        {
            while (await stream.ReadAsync(buffer, cancellation) is > 0 and var length)
                foreach (var answer in buffer.AsSpan(0, length)) answers.TryWrite(answer);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // That it went away is told where an answer is missed.
            answers.TryComplete();
        }
        answers.TryComplete();
    }

    /// <summary>The fixed bits of an answer to DLE EOT: 0xx1xx10.</summary>
    private static bool IsRealTime(byte answer) => (answer & 0x93) == 0x12;

    /// <summary>The fixed bits of an answer to GS r: 0xx0xxxx.</summary>
    private static bool IsInTurn(byte answer) => (answer & 0x90) == 0;
}
