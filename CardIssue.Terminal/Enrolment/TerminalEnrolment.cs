using System.Security.Cryptography;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;

namespace CardIssue.Terminal.Enrolment;

/// <summary>What came of an enrolment or a renewal.</summary>
public enum EnrolmentFault
{
    /// <summary>The center knows the keys, and proved that it is the right one.</summary>
    None,
    /// <summary>The center does not take them. Why is in its log.</summary>
    Refused,
    /// <summary>What answered is not the center that made the code, or that the module trusts.</summary>
    NotTheCenter,
    /// <summary>The line ended without an answer: the center may know the keys or not. To ask again does no harm.</summary>
    NoAnswer,
}

/// <summary>What came of it.</summary>
/// <param name="Fault">What was wrong.</param>
/// <param name="Center">The center, when nothing was.</param>
public sealed record EnrolmentResult(EnrolmentFault Fault, CenterIdentity? Center = null);

/// <summary>
/// A terminal's keys, told to its center: the first ones with a one-time code, later ones with those of before. Each takes a line of its
/// own and one round trip; cut anywhere, it is asked again with the same keys and gets the same answer.
/// </summary>
public static class TerminalEnrolment
{
    /// <summary>How long the center may take to answer.</summary>
    internal static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(30);

    /// <summary>Enrols the keys of a module that no center knows yet, and has it trust the center that answers.</summary>
    /// <param name="line">A line that came up just now; with TLS it may have any certificate at the other end, which is judged
    /// here.</param>
    /// <param name="module">Its keys; saved before, so that a terminal that misses the answer has them still.</param>
    /// <param name="code">The code, of this terminal.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ArgumentException">The code is another terminal's.</exception>
    /// <exception cref="IOException">The module could not be saved; asked again, the center answers again.</exception>
    public static async Task<EnrolmentResult> EnrolAsync(
        ILine line, SoftwareModuleFile module, EnrolmentCode code, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(code);
        if (code.Terminal != module.Identity.Id) throw new ArgumentException($"The code is for {code.Terminal}, the module is {module.Identity.Id}'s.", nameof(code));
        using var key = EnrolmentKey.Of(code);
        var transcript = Transcript(line, module.Identity);
        var (fault, answer) = await AskAsync(line, transcript.Ask(key), cancellation).ConfigureAwait(false);
        if (answer is null) return new EnrolmentResult(fault);
        if (transcript.CenterOf(key, answer) is not { } center) return new EnrolmentResult(EnrolmentFault.NotTheCenter);
        module.TrustCenter(center);
        return new EnrolmentResult(EnrolmentFault.None, center);
    }

    /// <summary>Renews the module's keys: the next ones, prepared and saved (<see cref="SoftwareModuleFile.PrepareNextKeys"/>), become its
    /// own.</summary>
    /// <param name="line">A line that came up just now, with the module's present certificate and the pinned one of the center.</param>
    /// <param name="module">The module; modules that were opened from it before keep the keys of before, which end when the next ones
    /// first come.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="InvalidOperationException">No next keys were prepared, or no center is trusted.</exception>
    /// <exception cref="IOException">The module could not be saved; asked again, the center answers again.</exception>
    public static async Task<EnrolmentResult> RenewAsync(ILine line, SoftwareModuleFile module, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(module);
        if (module.Center is null) throw new InvalidOperationException("The module trusts no center: enrol it first.");
        var trusted = module.PresentCenter;
        var transcript = Transcript(line, module.NextIdentity ?? throw new InvalidOperationException("No next keys were prepared."));
        using var key = module.OpenRenewal();
        var (fault, answer) = await AskAsync(line, module.AskRenewal(transcript, key), cancellation).ConfigureAwait(false);
        if (answer is null) return new EnrolmentResult(fault);
        // Whom the module trusts is no part of a renewal. The certificate, which may be a later one, is the line's own.
        if (transcript.CenterOf(key, answer) is not { } center || center with { TlsCertificate = trusted.TlsCertificate } != trusted)
            return new EnrolmentResult(EnrolmentFault.NotTheCenter);
        module.TakeNextKeys();
        return new EnrolmentResult(EnrolmentFault.None, center);
    }

    private static EnrolmentTranscript Transcript(ILine line, TerminalIdentity identity) => new(
        identity, ByteString.Own(RandomNumberGenerator.GetBytes(ProtocolLimits.NonceLength)), line.Peer.OwnCertificate, line.Peer.PeerCertificate);

    private static async Task<(EnrolmentFault Fault, TerminalEnrolled? Answer)> AskAsync(ILine line, EnrollTerminal asked,
        CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerTime);
        try
        {
            await line.SendAsync(MessageCodec.Encode(asked), limit.Token).ConfigureAwait(false);
            using var frame = await line.ReceiveAsync(limit.Token).ConfigureAwait(false);
            return frame is null ? (EnrolmentFault.NoAnswer, null) : MessageCodec.Decode(frame.Memory).Message switch
            {
                TerminalEnrolled enrolled => (EnrolmentFault.None, enrolled),
                Refused => (EnrolmentFault.Refused, null),
                _ => (EnrolmentFault.NotTheCenter, null),
            };
        }
        catch (LineException)
        {
            return (EnrolmentFault.NoAnswer, null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (EnrolmentFault.NoAnswer, null);
        }
    }
}
