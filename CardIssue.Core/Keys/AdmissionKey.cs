using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// What module and center share for one admission and for all that is sealed in its session: derived from their transport key and the
/// admission hash. Only who has one of the two agreement keys can make it, and no two admissions have the same.
/// </summary>
public sealed class AdmissionKey : IDisposable
{
    private readonly SecretBytes _key;

    private AdmissionKey(SecretBytes key) => _key = key;

    /// <summary>Derives it.</summary>
    /// <param name="transport">What module and center share.</param>
    /// <param name="admission">The admission hash (<see cref="AdmissionTranscript.Hash"/>), 32 bytes.</param>
    /// <exception cref="ArgumentException">That is no hash.</exception>
    internal static AdmissionKey Derive(TerminalTransportKey transport, ByteString admission)
    {
        ArgumentNullException.ThrowIfNull(transport);
        if (admission.Length != SHA256.HashSizeInBytes)
            throw new ArgumentException($"An admission hash has {SHA256.HashSizeInBytes} bytes.", nameof(admission));
        return new AdmissionKey(KeySchedule.Derive(transport.Key.Span, new Labelled(ProtocolLabels.Session).Bytes(admission.Span)));
    }

    /// <summary>Shows that the terminal's module has the agreement key: field 2 of <see cref="Protocol.Messages.Proof"/>.</summary>
    internal ByteString TerminalConfirms()
    {
        using var confirmation = Derive(new Labelled(ProtocolLabels.TerminalConfirms));
        return ByteString.Copy(confirmation.Span);
    }

    /// <summary>Whether that is the terminal's; the time that it takes tells nothing.</summary>
    internal bool IsTerminals(ByteString confirmation)
    {
        using var own = Derive(new Labelled(ProtocolLabels.TerminalConfirms));
        return own.FixedTimeEquals(confirmation.Span);
    }

    /// <summary>Zeroes it.</summary>
    public void Dispose() => _key.Dispose();

    /// <summary>Shows that the center has its agreement key: field 2 of <see cref="Protocol.Messages.Admitted"/>.</summary>
    /// <param name="answer">What the center signs.</param>
    internal ByteString CenterConfirms(ByteString answer)
    {
        using var confirmation = CentersOf(answer);
        return ByteString.Copy(confirmation.Span);
    }

    internal bool IsCenters(ByteString confirmation, ByteString answer)
    {
        using var own = CentersOf(answer);
        return own.FixedTimeEquals(confirmation.Span);
    }

    internal SecretBytes Derive(Labelled info) => KeySchedule.Derive(_key.Span, info);

    private SecretBytes CentersOf(ByteString answer) =>
        Derive(new Labelled(ProtocolLabels.CenterConfirms).Bytes(SHA256.HashData(answer.Span)));
}
