using System.Net;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Lines;

/// <summary>An ordered, framed, two-way line to one peer. Frames hold one message each.</summary>
public interface ILine : IAsyncDisposable
{
    /// <summary>The most bytes that a frame carries: the longest message, and the counter and MAC of a line without TLS; 64 KiB and 512 bytes.</summary>
    public const int MaxFrame = MessageCodec.MaxMessage + AuthenticatedLine.Overhead;

    /// <summary>What this end knows of the other.</summary>
    LinePeer Peer { get; }

    /// <summary>Sends one frame of 1 to <see cref="MaxFrame"/> bytes. Calls may come from several threads; frames never mix.</summary>
    /// <exception cref="LineException">The line is broken, or the frame too large.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation);

    /// <summary>The next frame, or null when the peer closed the line in order. One reader at a time.</summary>
    /// <exception cref="LineException">The line broke, was silent for too long, or the peer sent what is no frame.</exception>
    ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation);
}

/// <summary>What the listener knows of a peer. The line number comes from the listener's configuration, never from the peer.</summary>
/// <param name="Line">The line's number as this end's configuration has it; null at the connecting end when it is not configured.</param>
/// <param name="Address">The remote address, where the line has one.</param>
/// <param name="PeerCertificate">SHA-256 of the peer certificate's DER (32 bytes), or empty without TLS.</param>
/// <param name="OwnCertificate">SHA-256 of this end's certificate's DER (32 bytes), or empty without TLS.</param>
public sealed record LinePeer(LineNumber? Line, IPAddress? Address, ByteString PeerCertificate, ByteString OwnCertificate)
{
    /// <summary>
    /// Whether both ends proved a certificate. A line where they did not is one without TLS: each end gives its messages a counter and a MAC,
    /// by what it knows of its own line and never by what the peer says.
    /// </summary>
    public bool HasTls => !PeerCertificate.IsEmpty && !OwnCertificate.IsEmpty;
}

/// <summary>Accepts lines at the center.</summary>
public interface ILineListener : IAsyncDisposable
{
    /// <summary>The number of the dedicated line that comes in here.</summary>
    LineNumber Line { get; }

    /// <summary>The next line that came up. A peer that fails its handshake is never returned, and does not stop the others.</summary>
    ValueTask<ILine> AcceptAsync(CancellationToken cancellation);

    /// <summary>
    /// Is told of each handshake that came to nothing, on any thread, and must not wait. Set by who serves the line; a listener without
    /// handshakes tells nothing.
    /// </summary>
    Action<HandshakeRefusal>? Refused
    {
        get => null;
        set { }
    }
}

/// <summary>Brings a line up from the terminal's side.</summary>
public interface ILineConnector
{
    /// <summary>Connects once.</summary>
    /// <exception cref="LineException">It could not be brought up; the message says why and what to do.</exception>
    ValueTask<ILine> ConnectAsync(CancellationToken cancellation);
}

/// <summary>One received frame in pinned memory, zeroed when it is disposed.</summary>
public sealed class LineFrame : IDisposable
{
    private readonly byte[] _pinned;

    /// <summary>Makes room for <paramref name="length"/> bytes.</summary>
    public LineFrame(int length) => _pinned = GC.AllocateUninitializedArray<byte>(length, pinned: true);

    /// <summary>The frame's bytes; write them before the frame is handed on.</summary>
    public Memory<byte> Memory => _pinned;

    /// <summary>The frame's bytes, read-only.</summary>
    public ReadOnlySpan<byte> Span => _pinned;

    /// <summary>Zeroes the bytes.</summary>
    public void Dispose() => System.Security.Cryptography.CryptographicOperations.ZeroMemory(_pinned);
}

/// <summary>Why a line is of no use any more.</summary>
public enum LineFault
{
    /// <summary>Could not be brought up.</summary>
    Unreachable,
    /// <summary>The peer's certificate is not the one that is known, or the TLS handshake failed.</summary>
    NotTrusted,
    /// <summary>The connection broke.</summary>
    Broken,
    /// <summary>Nothing came for longer than the keep-alive allows.</summary>
    Silent,
    /// <summary>A frame is longer than <see cref="ILine.MaxFrame"/>.</summary>
    Oversized,
    /// <summary>The line was closed at this end.</summary>
    Closed,
    /// <summary>
    /// On a line without TLS: a message is not the next one that the peer sent; somebody changed, left out, repeated or put in something. On a split line: a message came on the half
    /// that carries none this way.
    /// </summary>
    Tampered,
}

/// <summary>The line is of no use any more.</summary>
public sealed class LineException : CardIssueException
{
    /// <summary>Makes one with its fault and what to do next.</summary>
    public LineException(LineFault fault, string message, Exception? inner = null) : base(message, inner) => Fault = fault;

    /// <summary>Why.</summary>
    public LineFault Fault { get; }
}
