using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>
/// What an auditor has of the log's keys: the center's public key, from its <c>center.json</c>, and those that it had. Reads and verifies a log; signs
/// nothing.
/// </summary>
/// <param name="center">The center.</param>
/// <param name="former">Its keys that have ended; null for none.</param>
public sealed class PublicLogKeys(CenterIdentity center, IReadOnlyList<FormerCenterKeys>? former = null) : ILogKeys
{
    /// <summary>What the center signs of a checkpoint: domain-separated from everything else that its key signs.</summary>
    internal static byte[] SignedForm(ReadOnlySpan<byte> checkpoint) => [.. "CardIssue log checkpoint v1\0"u8, .. checkpoint];

    /// <inheritdoc/>
    public bool HasSecrets => false;

    /// <inheritdoc/>
    public bool TakesOverLog => false;

    /// <inheritdoc/>
    public bool TakesOverRows => false;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Always: the mark is in the vault.</exception>
    public void EndTakingOverRows() => throw new InvalidOperationException("Rows are taken over with the center's vault only.");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Always: the key is in the vault.</exception>
    public byte[] MacOf(ReadOnlySpan<byte> data) => throw new InvalidOperationException("An entry can be logged with the center's vault only.");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Always: the log key is in the vault.</exception>
    public byte[] Hmac(ReadOnlySpan<byte> data) => throw new InvalidOperationException("Raw bytes can be logged with the center's vault only.");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Always: the signing key is in the vault.</exception>
    public byte[] SignCheckpoint(ReadOnlySpan<byte> data) => throw new InvalidOperationException("A checkpoint can be signed with the center's vault only.");

    /// <inheritdoc/>
    public bool VerifyCheckpoint(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, long? number = null)
    {
        var form = SignedForm(data);
        if (center.SigningKey.Verify(form, signature)) return true;
        foreach (var keys in former ?? [])
            if (keys.Center == center.Id && (number ?? 0) <= keys.LastCheckpoint && keys.SigningKey.Verify(form, signature)) return true;
        return false;
    }

    /// <inheritdoc/>
    public bool TryVerifyNote(ByteString bytes, [NotNullWhen(true)] out VerifiedWitnessNote? note)
    {
        if (SignedWitnessNote.TryVerify(bytes, center, out note)) return true;
        foreach (var keys in former ?? [])
        {
            var before = center with { SigningKey = keys.SigningKey, AgreementKey = keys.AgreementKey };
            if (keys.Center == center.Id && SignedWitnessNote.TryVerify(bytes, before, out note) && note.Note.Generation <= keys.LastGeneration) return true;
        }
        note = null;
        return false;
    }
}
