using System.Security.Cryptography;

namespace CardIssue.Transport.Framing;

/// <summary>
/// Writes frames one after another, header and bytes in one write, and short ones that come together in one. A frame that was begun goes out whole, also when its
/// sender was cancelled meanwhile: half a frame would end the line.
/// </summary>
internal sealed class FrameWriter(Stream stream, LineOptions options, TimeProvider time)
{
    /// <summary>
    /// Bytes of several frames in one write at the most, less than a segment of TCP. TLS makes a record of a write, and its first command is of use only when the last byte is
    /// there: at 9,600 baud that is a second and a half.
    /// </summary>
    private const int MostTogether = 1_400;

    private static readonly ReadOnlyMemory<byte>[] KeepAlive = [ReadOnlyMemory<byte>.Empty];

    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _lastSent = time.GetTimestamp();

    /// <summary>How long ago the last frame went out.</summary>
    public TimeSpan Idle => time.GetElapsedTime(Interlocked.Read(ref _lastSent));

    /// <summary>Sends frames, one after the other.</summary>
    /// <exception cref="TimeoutException">The peer did not take them in time; the stream is of no use any more.</exception>
    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, Action check, CancellationToken cancellation)
    {
        for (var sent = 0; sent < frames.Count;)
        {
            var from = sent++;
            for (var length = OnLine(frames[from]); sent < frames.Count && (length += OnLine(frames[sent])) <= MostTogether;) sent++;
            await SendAsync(frames, from, sent, check, cancellation).ConfigureAwait(false);
        }
    }

    private async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, int from, int to, Action check, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        var write = WriteAsync(frames, from, to, check);
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
    public Task SendKeepAliveAsync(Action check) => _turn.Wait(0) ? WriteAsync(KeepAlive, 0, 1, check) : Task.CompletedTask;

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

    private async Task WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, int from, int to, Action check)
    {
        var buffer = PinnedBuffers.ForFrames.Rent();
        var used = 0;
        Task? left = null;
        try
        {
            check();
            for (var i = from; i < to; i++)
            {
                FrameHeader.Write(buffer.AsSpan(used), frames[i].Length);
                frames[i].CopyTo(buffer.AsMemory(used + FrameHeader.Size));
                used += OnLine(frames[i]);
            }
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

    private static int OnLine(ReadOnlyMemory<byte> frame) => FrameHeader.Size + frame.Length;

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
