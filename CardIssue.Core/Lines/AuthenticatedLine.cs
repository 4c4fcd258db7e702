using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Lines;

/// <summary>
/// A line without TLS: from the admission on, each message carries a counter and a MAC. A frame is then counter (8 bytes, big-endian) ‖ message ‖ HMAC-SHA-256 over both,
/// truncated to 16 bytes (RFC 2104; RFC 4868 §2.3). Each direction has its own key and counts from 1; a frame that is not exactly the next one ends the line.
/// </summary>
/// <remarks>
/// Both ends switch at the same message, and neither asks the other: what the terminal sends is authenticated after <see cref="Proof"/>, what the center sends after <see cref="Admitted"/>,
/// which both carry signatures. A refusal comes instead of <see cref="Admitted"/>, so it can be read. After the peer's last message in the clear no frame is taken
/// before there are keys: whatever somebody slips in behind it is checked like everything else. That the peer closed the line cannot be authenticated: to whoever uses it, it is a lost line like any other.
/// </remarks>
internal sealed class AuthenticatedLine : IFrameGroups
{
    /// <summary>Length of the counter in bytes.</summary>
    public const int CounterLength = 8;

    /// <summary>Length of the MAC in bytes.</summary>
    public const int TagLength = 16;

    /// <summary>What a message costs more, in bytes.</summary>
    public const int Overhead = CounterLength + TagLength;

    private readonly ILine _inner;
    private readonly bool _isCenter;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly TaskCompletionSource _keyed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LineKeys? _keys;
    private LineException? _over;
    private bool _authenticatesSent, _authenticatesReceived;
    private ulong _sent, _received;

    private AuthenticatedLine(ILine inner, bool isCenter)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (_inner, _isCenter) = (inner, isCenter);
    }

    /// <summary>The center's end of a line without TLS, which it takes over and disposes.</summary>
    public static AuthenticatedLine AtCenter(ILine inner) => new(inner, isCenter: true);

    /// <summary>The terminal's end of a line without TLS, which it takes over and disposes.</summary>
    public static AuthenticatedLine AtTerminal(ILine inner) => new(inner, isCenter: false);

    /// <inheritdoc/>
    public LinePeer Peer => _inner.Peer;

    /// <summary>Takes over the keys of the admission. Once, before this end's last message in the clear is sent.</summary>
    /// <exception cref="InvalidOperationException">There are keys already.</exception>
    public void Protect(LineKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        lock (_gate)
        {
            if (_keys is not null) throw new InvalidOperationException("A line has the keys of one admission.");
            if (_over is null) _keys = keys;
            else keys.Dispose();
        }
        _keyed.TrySetResult();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">This end's last message in the clear, and there are no keys for those after it: a fault of this side.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        CheckLength(frame);
        await _sending.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_authenticatesSent)
            {
                await SendCountedAsync([frame], cancellation).ConfigureAwait(false);
                return;
            }
            if (MessageCodec.IsOf(frame.Span, _isCenter ? RelayMessageType.Admitted : RelayMessageType.Proof))
            {
                if (!_keyed.Task.IsCompleted) throw new InvalidOperationException("A line without TLS needs the keys of the admission before it is admitted.");
                _authenticatesSent = true;
            }
            await _inner.SendAsync(frame, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <inheritdoc/>
    async ValueTask IFrameGroups.SendAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellation)
    {
        foreach (var frame in frames) CheckLength(frame);
        await _sending.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_authenticatesSent)
            {
                await SendCountedAsync(frames, cancellation).ConfigureAwait(false);
                return;
            }
        }
        finally
        {
            _sending.Release();
        }
        // One of them may be this end's last message in the clear.
        foreach (var frame in frames) await SendAsync(frame, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="LineException"><see cref="LineFault.Tampered"/>: the frame is not the peer's next one; the line is over.</exception>
    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        if (_authenticatesReceived) await _keyed.Task.WaitAsync(cancellation).ConfigureAwait(false);
        ThrowIfOver();
        var frame = await _inner.ReceiveAsync(cancellation).ConfigureAwait(false);
        if (frame is null) return null;
        if (!_authenticatesReceived)
        {
            _authenticatesReceived = MessageCodec.IsOf(frame.Span, _isCenter ? RelayMessageType.Proof : RelayMessageType.Admitted);
            return frame;
        }
        using (frame)
        {
            if (TryOpen(frame.Span, out var message)) return message;
        }
        var tampered = new LineException(LineFault.Tampered, $"What came is not message {_received + 1} of the peer: changed, left out, repeated or put in on the way.");
        await EndAsync(tampered).ConfigureAwait(false);
        throw tampered;
    }

    /// <summary>Zeroes the keys and closes the line. Twice is harmless.</summary>
    public ValueTask DisposeAsync() => EndAsync(new LineException(LineFault.Closed, "The line was closed at this end."));

    /// <summary>A frame that was not sent has used up its number, and the peer would take the next one for tampered: nothing more is sent.</summary>
    private async ValueTask SendCountedAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellation)
    {
        var counted = new List<LineFrame>(frames.Count);
        try
        {
            foreach (var frame in frames) counted.Add(Seal(frame.Span));
            await _inner.SendAllAsync(counted.ConvertAll(frame => (ReadOnlyMemory<byte>)frame.Memory), cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(new LineException(LineFault.Closed, "The line was closed at this end: a message was given up while it was sent.")).ConfigureAwait(false);
            throw;
        }
        finally
        {
            foreach (var frame in counted) frame.Dispose();
        }
    }

    private async ValueTask EndAsync(LineException why)
    {
        lock (_gate)
        {
            _over ??= why;
            _keys?.Dispose();
            _keys = null;
        }
        _keyed.TrySetResult();
        await _inner.DisposeAsync().ConfigureAwait(false);
    }

    private LineFrame Seal(ReadOnlySpan<byte> message)
    {
        var frame = new LineFrame(message.Length + Overhead);
        var bytes = frame.Memory.Span;
        message.CopyTo(bytes[CounterLength..]);
        lock (_gate)
        {
            if (_keys is null)
            {
                frame.Dispose();
                throw Again(_over!);
            }
            BinaryPrimitives.WriteUInt64BigEndian(bytes, ++_sent);
            Tag(_isCenter ? _keys.ToTerminal : _keys.ToCenter, bytes[..^TagLength], bytes[^TagLength..]);
        }
        return frame;
    }

    private bool TryOpen(ReadOnlySpan<byte> bytes, out LineFrame? message)
    {
        message = null;
        if (bytes.Length <= Overhead) return false;
        Span<byte> tag = stackalloc byte[TagLength];
        lock (_gate)
        {
            if (_keys is null) throw Again(_over!);
            Tag(_isCenter ? _keys.ToCenter : _keys.ToTerminal, bytes[..^TagLength], tag);
            if (!CryptographicOperations.FixedTimeEquals(tag, bytes[^TagLength..]) || BinaryPrimitives.ReadUInt64BigEndian(bytes) != _received + 1) return false;
            _received++;
        }
        message = new LineFrame(bytes.Length - Overhead);
        bytes[CounterLength..^TagLength].CopyTo(message.Memory.Span);
        return true;
    }

    private static void CheckLength(ReadOnlyMemory<byte> frame)
    {
        if (frame.IsEmpty) throw new ArgumentException("A frame holds at least 1 byte.", nameof(frame));
        if (frame.Length > MessageCodec.MaxMessage)
            throw new LineException(LineFault.Oversized, $"A message of {frame.Length} bytes can't be sent; {MessageCodec.MaxMessage} is the most.");
    }

    private static void Tag(SecretBytes key, ReadOnlySpan<byte> counted, Span<byte> tag)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key.Span, counted, mac);
        mac[..TagLength].CopyTo(tag);
    }

    private void ThrowIfOver()
    {
        lock (_gate)
            if (_over is not null) throw Again(_over);
    }

    /// <summary>A fresh exception for each caller: one instance thrown on two threads would mix their stacks.</summary>
    private static LineException Again(LineException fault) => new(fault.Fault, fault.Message, fault);
}
