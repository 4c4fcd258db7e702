using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// What terminal and center prove to each other when the terminal's keys are to become known: made of a one-time code (enrolment), or of
/// the transport key that they share already (renewal). Who has neither can answer neither.
/// </summary>
public sealed class EnrolmentKey : IDisposable
{
    /// <summary>Length in bytes: 32.</summary>
    public const int Length = KeySchedule.Length;

    private EnrolmentKey(SecretBytes key) => Key = key;

    internal SecretBytes Key { get; }

    /// <summary>The key's bytes, lent: for a vault, which keeps them sealed instead of the code.</summary>
    public ReadOnlySpan<byte> Span => Key.Span;

    /// <summary>Of a code that was given to a terminal.</summary>
    /// <param name="code">The code; stays the caller's.</param>
    /// <returns>The key, which the caller disposes.</returns>
    public static EnrolmentKey Of(EnrolmentCode code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return new EnrolmentKey(KeySchedule.Derive(code.Secret.Span, new Labelled(ProtocolLabels.Enrolment).Text(code.Terminal.Value)));
    }

    /// <summary>Of what a terminal that is known shares with its center.</summary>
    /// <param name="transport">The transport key of both; stays the caller's.</param>
    /// <returns>The key, which the caller disposes.</returns>
    public static EnrolmentKey Of(TerminalTransportKey transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        return new EnrolmentKey(KeySchedule.Derive(transport.Key.Span, new Labelled(ProtocolLabels.Renewal)));
    }

    /// <summary>As a vault kept it.</summary>
    /// <param name="kept">What <see cref="Span"/> lent, <see cref="Length"/> bytes; copied.</param>
    /// <returns>The key, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">It does not have <see cref="Length"/> bytes.</exception>
    public static EnrolmentKey Copy(ReadOnlySpan<byte> kept) => kept.Length == Length
        ? new EnrolmentKey(SecretBytes.Copy(kept))
        : throw new ArgumentException($"An enrolment key has {Length} bytes.", nameof(kept));

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => Key.Dispose();
}
