using System.Net.Security;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Tls;

/// <summary>How a line over TLS ends: in order with close_notify, and then as what it runs over ends.</summary>
internal sealed class TlsEnd(StreamEnd below, CutSensingStream wire, SslStream stream) : StreamEnd(stream)
{
    public override bool WasCut => wire.Ended;

    public override async Task CloseAsync(CancellationToken cancellation)
    {
        await stream.ShutdownAsync().WaitAsync(cancellation).ConfigureAwait(false);
        await below.CloseAsync(cancellation).ConfigureAwait(false);
    }

    public override void Abort()
    {
        below.Abort();
        base.Abort();
    }

    public override void Release()
    {
        base.Release();
        below.Release();
    }
}
