using System.Security.Cryptography;

namespace CardIssue.Transport.Framing;

/// <summary>
/// Writes frames one after another, header and bytes in one write. A frame that was begun goes out whole, also when its sender was
/// cancelled meanwhile: half a frame would end the line.
/// </summary>
internal sealed class FrameWriter(Stream stream, LineOptions options, TimeProvider time)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _lastSent = time.GetTimestamp();

    /// <summary>How long ago the last frame went out.</summary>
    public TimeSpan Idle => time.GetElapsedTime(Interlocked.Read(ref _lastSent));

    /// <summary>Sends one frame.</summary>
    /// <exception cref="TimeoutException">The peer did not take it in time; the stream is of no use any more.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, Action check, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        var write = WriteAsync(frame, check);
        try
        {
            await write.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = write.ContinueWith(static left => _ = left.Exception, CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Sends a keep-alive, unless a frame is being sent just now.</summary>
    public Task SendKeepAliveAsync(Action check) => _turn.Wait(0) ? WriteAsync(ReadOnlyMemory<byte>.Empty, check) : Task.CompletedTask;

    /// <summary>Runs <paramref name="close"/> after the frame that is being sent. False when that frame takes longer than <paramref name="limit"/> allows.</summary>
    public async Task<bool> CloseAsync(Func<CancellationToken, Task> close, CancellationToken limit)
    {
        try
        {
            await _turn.WaitAsync(limit).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        try
        {
            await close(limit).ConfigureAwait(false);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> frame, Action check)
    {
        var buffer = PinnedBuffers.ForFrames.Rent();
        var used = FrameHeader.Size + frame.Length;
        Task? left = null;
        try
        {
            check();
            FrameHeader.Write(buffer, frame.Length);
            frame.CopyTo(buffer.AsMemory(FrameHeader.Size));
            var write = PutAsync(buffer.AsMemory(0, used));
            if (!write.IsCompleted) left = write;
            await write.WaitAsync(options.SendTimeout, time).ConfigureAwait(false);
            Interlocked.Exchange(ref _lastSent, time.GetTimestamp());
        }
        finally
        {
            if (left is null or { IsCompleted: true }) PinnedBuffers.ForFrames.Return(buffer, used);
            else ZeroLater(left, buffer);
            _turn.Release();
        }
    }

    private async Task PutAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        await stream.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>The stream still reads from the buffer: it can't be used again, and is zeroed when the stream lets go.</summary>
    private static void ZeroLater(Task write, byte[] buffer) => write.ContinueWith(
        static (ended, held) =>
        {
            _ = ended.Exception;
            CryptographicOperations.ZeroMemory((byte[])held!);
        },
        buffer, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
