using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// The key that a terminal's secure module and the center share: derived from ECDH P-256 of both static agreement keys, terminal, key
/// version and both public keys. Every admission has a key of its own from it (<see cref="AdmissionKey"/>).
/// </summary>
public sealed class TerminalTransportKey : IDisposable
{
    /// <summary>Length in bytes.</summary>
    internal const int Length = KeySchedule.Length;

    private TerminalTransportKey(SecretBytes key) => Key = key;

    internal SecretBytes Key { get; }

    /// <summary>The center's side.</summary>
    /// <param name="center">The center's agreement key.</param>
    /// <param name="terminal">The terminal as the registry has it.</param>
    internal static TerminalTransportKey AtCenter(P256PrivateKey center, TerminalIdentity terminal)
    {
        ArgumentNullException.ThrowIfNull(center);
        ArgumentNullException.ThrowIfNull(terminal);
        return Derive(center, terminal.AgreementKey, terminal.Id, terminal.KeyVersion, terminal.AgreementKey, center.PublicKey);
    }

    /// <summary>The module's side.</summary>
    /// <param name="module">The module's agreement key.</param>
    /// <param name="terminal">The terminal that the module is in.</param>
    /// <param name="keyVersion">The version of the module's keys.</param>
    /// <param name="center">The center.</param>
    internal static TerminalTransportKey AtTerminal(P256PrivateKey module, TerminalId terminal, int keyVersion, CenterIdentity center)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(center);
        return Derive(module, center.AgreementKey, terminal, keyVersion, module.PublicKey, center.AgreementKey);
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => Key.Dispose();

    private static TerminalTransportKey Derive(
        P256PrivateKey own, P256PublicKey peer, TerminalId terminal, int keyVersion, P256PublicKey moduleKey, P256PublicKey centerKey)
    {
        using var agreed = own.Agree(peer);
        return new TerminalTransportKey(KeySchedule.Derive(agreed.Span, new Labelled(ProtocolLabels.Transport)
            .Text(terminal.Value).Number(keyVersion).Bytes(moduleKey.Encoded.Span).Bytes(centerKey.Encoded.Span)));
    }
}
