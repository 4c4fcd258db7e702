using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal.Modules;

/// <summary>
/// Keys that follow those of now. They are in the file before the center hears of them, and become the module's own when it said that it
/// knows them: cut in between, both ends still have those of now, and asking again goes on with the same next ones.
/// </summary>
public sealed partial class SoftwareModuleFile
{
    /// <summary>The public half of the keys that are prepared to follow; null when none are.</summary>
    public TerminalIdentity? NextIdentity => _next?.Identity;

    /// <summary>Makes the keys that are to follow, and saves them; where some are prepared already, these stay.</summary>
    /// <param name="pkcs12">Their TLS client certificate and its key, PKCS#12 without a password; empty without TLS.</param>
    /// <param name="certificateSha256">SHA-256 of the certificate's DER, 32 bytes, or empty.</param>
    /// <returns>Whether they were made; false when they are those of an earlier try.</returns>
    /// <exception cref="ArgumentException">The hash does not have 32 bytes, or only one of both is empty.</exception>
    /// <exception cref="IOException">They could not be saved.</exception>
    public bool PrepareNextKeys(ReadOnlySpan<byte> pkcs12, ByteString certificateSha256)
    {
        if (certificateSha256.Length != (pkcs12.IsEmpty ? 0 : 32))
            throw new ArgumentException("A certificate comes with its SHA-256 of 32 bytes.", nameof(certificateSha256));
        if (_next is not null) return false;
        var next = ModuleKeys.Generate(Identity.Id, Identity.KeyVersion + 1, pkcs12, certificateSha256);
        try
        {
            Save(new ModuleContent(_keys, Center, next));
        }
        catch
        {
            next.Dispose();
            throw;
        }
        _next = next;
        return true;
    }

    internal EnrolmentKey OpenRenewal()
    {
        using var transport = TerminalTransportKey.AtTerminal(_keys.Agreement, Identity.Id, Identity.KeyVersion, PresentCenter);
        return EnrolmentKey.Of(transport);
    }

    internal EnrollTerminal AskRenewal(EnrolmentTranscript transcript, EnrolmentKey key) => transcript.Ask(key, _keys.Credential);

    internal void TakeNextKeys()
    {
        var (before, next) = (_keys, _next!);
        Save(new ModuleContent(next, Center, null));
        (_keys, _next) = (next, null);
        before.Dispose();
    }
}
