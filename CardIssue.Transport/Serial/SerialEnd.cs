using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Serial;

/// <summary>How a line over a serial link ends: in order with DISC, otherwise with DM, so that the peer can tell.</summary>
internal sealed class SerialEnd(SerialStream stream) : StreamEnd(stream)
{
    public override Task CloseAsync(CancellationToken cancellation) => stream.CloseAsync(cancellation);
}
