using System.Security.Cryptography;
using CardIssue.Core;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Protocol;

namespace CardIssue.Terminal.Modules;

/// <summary>
/// A secure module in software: its keys live in a passphrase-sealed file (<see cref="SoftwareModuleFile"/>) and in this process's memory. It never has a master key, nor a card's static
/// keys: a ticket brings the session keys of one card, and they are zeroed at <see cref="EndOpening"/>.
/// </summary>
public sealed class SoftwareModule : ISecureModule
{
    private readonly P256PrivateKey _credential, _agreement;
    private readonly byte[] _plain = GC.AllocateArray<byte>(Scp03Session.MaxWrappedLength, pinned: true);
    private ByteString _ownNonce;
    private AdmissionNonces? _admitted;
    private AdmissionTranscript? _signed;
    private ModuleOpening? _opening;
    private int _lastSequence = -1, _lastTicket = -1;

    /// <summary>Takes over both keys.</summary>
    internal SoftwareModule(TerminalIdentity identity, CenterIdentity center, P256PrivateKey credential, P256PrivateKey agreement) =>
        (Identity, Center, _credential, _agreement) = (identity, center, credential, agreement);

    /// <inheritdoc/>
    public TerminalIdentity Identity { get; }

    /// <inheritdoc/>
    public CenterIdentity Center { get; }

    /// <inheritdoc/>
    public ByteString BeginAdmission()
    {
        EndOpening();
        (_admitted, _signed) = (null, null);
        _lastSequence = _lastTicket = -1;
        return _ownNonce = ByteString.Own(RandomNumberGenerator.GetBytes(Limits.NonceLength));
    }

    /// <inheritdoc/>
    public ModuleRefusal SignAdmission(AdmissionTranscript transcript, out ByteString signature)
    {
        ArgumentNullException.ThrowIfNull(transcript);
        signature = default;
        // One signature per nonce: a second center nonce under the same terminal nonce would let a session be begun twice.
        if (_ownNonce.IsEmpty || _admitted is not null || transcript.TerminalNonce != _ownNonce) return ModuleRefusal.NoAdmission;
        if (transcript.Terminal != Identity.Id || transcript.Center != Center.Id || transcript.CenterNonce.Length != Limits.NonceLength) return ModuleRefusal.NoAdmission;
        (_admitted, _signed) = (new AdmissionNonces(_ownNonce, transcript.CenterNonce), transcript);
        signature = transcript.Sign(AdmissionRole.Terminal, _credential);
        return ModuleRefusal.None;
    }

    /// <inheritdoc/>
    public ModuleRefusal OpenLineKeys(AdmissionTranscript transcript, out LineKeys? keys)
    {
        ArgumentNullException.ThrowIfNull(transcript);
        keys = null;
        if (transcript != _signed) return ModuleRefusal.NoAdmission;
        using var transport = TerminalTransportKey.AtTerminal(_agreement, Identity.Id, Identity.KeyVersion, Center);
        keys = LineKeys.Derive(transport, transcript);
        return ModuleRefusal.None;
    }

    /// <inheritdoc/>
    public ModuleRefusal SealIssueCode(int request, ReadOnlySpan<byte> code, out ByteString sealedCode)
    {
        sealedCode = default;
        if (_admitted is not { } nonces) return ModuleRefusal.NoAdmission;
        sealedCode = IssueCodeEnvelope.Seal(Center.AgreementKey, new IssueCodeContext(Identity.Id, nonces, request), code);
        return ModuleRefusal.None;
    }

    /// <inheritdoc/>
    public ModuleRefusal OpenTicket(Script script)
    {
        ArgumentNullException.ThrowIfNull(script);
        if (_admitted is not { } nonces) return ModuleRefusal.NoAdmission;
        if (script.Kind != ScriptKind.Authenticate || !script.Sealed || script.Ticket.IsEmpty) return ModuleRefusal.WrongMode;
        if (script.First <= _lastSequence || script.First <= _lastTicket) return ModuleRefusal.Replayed;
        if (!Ticket.TryRead(script.Ticket.Memory, out var ticket) || ticket.Context.Opening != script.Opening) return ModuleRefusal.BadTicket;
        using var transport = TerminalTransportKey.AtTerminal(_agreement, Identity.Id, Identity.KeyVersion, Center);
        var key = OpeningKey.Derive(transport, nonces, ticket.Context);
        if (!ticket.TryOpen(key, script.First, out var sessionKeys))
        {
            key.Dispose();
            return ModuleRefusal.BadTicket;
        }
        EndOpening();
        _lastTicket = script.First;
        _opening = new ModuleOpening(ticket.Context, script.First, key, Scp03Session.ForWrappingAlone(sessionKeys));
        return ModuleRefusal.None;
    }

    /// <inheritdoc/>
    public ModuleRefusal Unseal(Script script, int sequence, ReadOnlySpan<byte> payload, Span<byte> wrapped, out int length)
    {
        ArgumentNullException.ThrowIfNull(script);
        length = 0;
        if (wrapped.Length < ISecureModule.MaxWrappedLength) throw new ArgumentException($"{ISecureModule.MaxWrappedLength} bytes are needed.", nameof(wrapped));
        if (_opening is null || script.Opening != _opening.Context.Opening) return ModuleRefusal.NoOpening;
        if (!script.Sealed || script.Kind == ScriptKind.Open) return ModuleRefusal.WrongMode;
        if (sequence <= _lastSequence) return ModuleRefusal.Replayed;
        if (!_opening.IsNext(script, sequence)) return ModuleRefusal.OutOfOrder;
        var refusal = _opening.Unseal(script, sequence, payload, _plain, wrapped, out length);
        if (refusal == ModuleRefusal.None) _lastSequence = sequence;
        return refusal;
    }

    /// <inheritdoc/>
    public void EndOpening()
    {
        _opening?.Dispose();
        _opening = null;
        CryptographicOperations.ZeroMemory(_plain);
    }

    /// <summary>Zeroes all keys.</summary>
    public void Dispose()
    {
        EndOpening();
        (_admitted, _signed) = (null, null);
        _credential.Dispose();
        _agreement.Dispose();
    }

    /// <summary>Says only whose it is.</summary>
    public override string ToString() => $"software module of {Identity.Id}";
}
