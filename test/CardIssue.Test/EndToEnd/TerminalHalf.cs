using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;

namespace CardIssue.Test.EndToEnd;

/// <summary>A terminal's end of one half, by hand.</summary>
internal sealed class TerminalHalf(Shop shop, SoftwareModule module, LineHalf half, ILineConnector? connector = null, bool isAlone = false) : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private ILine? _line;

    public async Task<Admitted> AdmitAsync() => (Admitted)(await AskAsync())!;

    /// <summary>S210 and S220; what the center says in the end.</summary>
    public async Task<RelayMessage?> AskAsync()
    {
        var up = AuthenticatedLine.AtTerminal(await (connector ?? (half is LineHalf.Results ? shop.Results! : shop.Line).Connector).ConnectAsync(default));
        _line = up;
        if (isAlone) SignDataHalf(new Challenge(1, ByteString.Own(new byte[ProtocolLimits.NonceLength]), new LineNumber(7)), up.Peer);
        var hello = new Hello(1, 1, module.Identity.Id, module.BeginAdmission(half), 8, half);
        await SendAsync(hello);
        var challenge = (Challenge)(await NextAsync())!;
        var transcript = Transcript(hello, challenge, up.Peer);
        if (module.ProveAdmission(transcript, out var proof) is ModuleRefusal.None && module.OpenLineKeys(transcript, out var keys) is ModuleRefusal.None) up.Protect(keys!);
        else
        {
            // What is refused for its half is refused whatever the signature.
            up.Protect(new LineKeys(SecretBytes.Random(32), SecretBytes.Random(32)));
            proof = new Proof(ByteString.Own(new byte[64]), ByteString.Own(new byte[32]));
        }
        await SendAsync(proof!);
        return await NextAsync();
    }

    public ValueTask SendAsync(RelayMessage message) => _line!.SendAsync(MessageCodec.Encode(message), default);

    public async Task<RelayMessage?> SayAsync(RelayMessage message)
    {
        await SendAsync(message);
        return await NextAsync();
    }

    /// <summary>
    /// The next message that answers anything, which a note of the center does not; null when the center closed the half.
    /// </summary>
    public async Task<RelayMessage?> NextAsync()
    {
        try
        {
            while (true)
            {
                using var frame = await _line!.ReceiveAsync(default).AsTask().WaitAsync(Longest);
                if (frame is null) return null;
                if (MessageCodec.Decode(frame.Memory).Message is var message and not Witness) return message;
            }
        }
        catch (LineException e) when (e.Fault is not LineFault.Tampered)
        {
            return null;
        }
    }

    public ValueTask DisposeAsync() => _line?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>A module signs for a results half only beside a data half; this one has none that the center knows of.</summary>
    private void SignDataHalf(Challenge challenge, LinePeer peer)
    {
        var hello = new Hello(1, 1, module.Identity.Id, module.BeginAdmission(LineHalf.Data), 8, LineHalf.Data);
        Assert.That(module.ProveAdmission(Transcript(hello, challenge, peer), out _), Is.EqualTo(ModuleRefusal.None));
    }

    private AdmissionTranscript Transcript(Hello hello, Challenge challenge, LinePeer peer) => new()
    {
        Hello = MessageCodec.BytesOf(hello), Challenge = MessageCodec.BytesOf(challenge), Center = shop.Vault.Identity.Id,
        TerminalCertificate = peer.OwnCertificate, CenterCertificate = peer.PeerCertificate,
    };
}
