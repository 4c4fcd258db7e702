using System.Buffers.Binary;
using System.IO.Pipes;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;

namespace CardIssue.Integrating;

// guide: own line
/// <summary>A line over any two-way stream: four bytes of length, then the frame.</summary>
public sealed class PipeLine(Stream stream, LineNumber? number) : ILine
{
    private readonly SemaphoreSlim _turn = new(1);

    // No address, and neither end proved a certificate: so CardIssue counts and authenticates each message itself.
    public LinePeer Peer { get; } = new(number, null, ByteString.Empty, ByteString.Empty);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        var bytes = new byte[sizeof(int) + frame.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, frame.Length);
        frame.CopyTo(bytes.AsMemory(sizeof(int)));
        await _turn.WaitAsync(cancellation);
        try
        {
            await stream.WriteAsync(bytes, cancellation);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new LineException(LineFault.Broken, "The pipe broke.", e);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            var header = new byte[sizeof(int)];
            var read = await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellation);
            if (read < header.Length) return null;         // the other end closed the line
            var length = BinaryPrimitives.ReadInt32BigEndian(header);
            if (length is < 1 or > ILine.MaxFrame) throw new LineException(LineFault.Oversized, "That is no frame.");
            var frame = new LineFrame(length);             // pinned, and zeroed by who gets it
            await stream.ReadExactlyAsync(frame.Memory, cancellation);
            return frame;
        }
        catch (Exception e) when (e is (IOException or ObjectDisposedException) and not LineException)
        {
            throw new LineException(LineFault.Broken, "The pipe broke.", e);
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}

/// <summary>The terminal's end. Put a <c>ReconnectingConnector</c> around it: it tries once.</summary>
public sealed class PipeConnector(string name) : ILineConnector
{
    public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
    {
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            await pipe.ConnectAsync(TimeSpan.FromSeconds(10), cancellation);
            return new PipeLine(pipe, null);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            await pipe.DisposeAsync();
            throw new LineException(LineFault.Unreachable, $"Nobody listens at {name}; is the center served?", e);
        }
    }
}

/// <summary>The center's end; its number is the center's own setting.</summary>
public sealed class PipeListener(LineNumber line, string name) : ILineListener
{
    private readonly CancellationTokenSource _stop = new();

    public LineNumber Line => line;

    public async ValueTask<ILine> AcceptAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stop.Token);
        var pipe = new NamedPipeServerStream(
            name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte,
            PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        try
        {
            await pipe.WaitForConnectionAsync(either.Token);
            return new PipeLine(pipe, line);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            await pipe.DisposeAsync();
            throw new LineException(LineFault.Closed, "The pipe was closed.");
        }
    }

    public async ValueTask DisposeAsync() => await _stop.CancelAsync();
}
// end
