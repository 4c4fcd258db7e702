using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// The two keys of a line without TLS, one for each direction, of one admission, derived from its key. Only the terminal's module and the
/// center's vault can make them, and no two admissions have the same.
/// </summary>
public sealed class LineKeys : IDisposable
{
    /// <summary>Length of each key in bytes: that of the hash (RFC 2104 §3).</summary>
    public const int Length = KeySchedule.Length;

    /// <summary>Takes over keys that a token derived by itself, as <see cref="Derive"/> does.</summary>
    /// <param name="toCenter">For what the terminal sends, 32 bytes.</param>
    /// <param name="toTerminal">For what the center sends, 32 bytes.</param>
    /// <exception cref="ArgumentException">A key has another length.</exception>
    public LineKeys(SecretBytes toCenter, SecretBytes toTerminal)
    {
        ArgumentNullException.ThrowIfNull(toCenter);
        ArgumentNullException.ThrowIfNull(toTerminal);
        if (toCenter.Length != Length || toTerminal.Length != Length) throw new ArgumentException($"A line's key has {Length} bytes.");
        (ToCenter, ToTerminal) = (toCenter, toTerminal);
    }

    internal SecretBytes ToCenter { get; }

    internal SecretBytes ToTerminal { get; }

    /// <summary>Derives both from the key of an admission, which stays the caller's (PROTOCOL.md says how).</summary>
    /// <param name="admission">The key of the admission that the line was authenticated with.</param>
    /// <returns>Both keys, <see cref="Length"/> bytes each; the caller disposes them.</returns>
    public static LineKeys Derive(AdmissionKey admission)
    {
        ArgumentNullException.ThrowIfNull(admission);
        return new LineKeys(
            admission.Derive(new Labelled(ProtocolLabels.LineToCenter)), admission.Derive(new Labelled(ProtocolLabels.LineToTerminal)));
    }

    /// <summary>Zeroes both.</summary>
    public void Dispose()
    {
        ToCenter.Dispose();
        ToTerminal.Dispose();
    }
}
