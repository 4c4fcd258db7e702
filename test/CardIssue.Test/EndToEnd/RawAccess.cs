using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;

namespace CardIssue.Test.EndToEnd;

/// <summary>S210 and S220 by hand, on a line that is up.</summary>
internal static class RawAccess
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Asks for access; returns what the center says in the end.</summary>
    /// <param name="up">The line.</param>
    /// <param name="module">Who asks.</param>
    /// <param name="center">The center's name.</param>
    /// <param name="line">The number of the line, as the center has it.</param>
    /// <param name="spoil">Whether the proof is a wrong one.</param>
    public static async Task<RelayMessage> AskAsync(ILine up, SoftwareModule module, CenterId center, LineNumber line, bool spoil = false)
    {
        var hello = new Hello(1, 1, module.Identity.Id, module.BeginAdmission(), 8);
        await up.SendAsync(MessageCodec.Encode(hello), default);
        var challenge = (Challenge)await NextAsync(up);
        Assert.That(challenge.Line, Is.EqualTo(line));
        var transcript = new AdmissionTranscript
        {
            Hello = MessageCodec.BytesOf(hello), Challenge = MessageCodec.BytesOf(challenge), Center = center,
            TerminalCertificate = up.Peer.OwnCertificate, CenterCertificate = up.Peer.PeerCertificate,
        };
        module.ProveAdmission(transcript, out var proof);
        var bytes = proof!.Signature.ToArray();
        if (spoil) bytes[0] ^= 1;
        await up.SendAsync(MessageCodec.Encode(proof with { Signature = ByteString.Own(bytes) }), default);
        return await NextAsync(up);
    }

    /// <summary>The next message.</summary>
    public static async Task<RelayMessage> NextAsync(ILine line)
    {
        using var frame = await line.ReceiveAsync(default).AsTask().WaitAsync(Limit);
        return frame is null ? throw new LineException(LineFault.Closed, "The center closed the line.") : MessageCodec.Decode(frame.Memory).Message!;
    }
}
