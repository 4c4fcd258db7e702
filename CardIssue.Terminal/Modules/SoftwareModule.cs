using System.Security.Cryptography;
using CardIssue.Core;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal.Modules;

/// <summary>
/// A secure module in software: its keys live in a passphrase-sealed file (<see cref="SoftwareModuleFile"/>) and in this process's memory. It never has a master key, nor a card's static
/// keys: a ticket brings the session keys of one card, and they are zeroed at <see cref="EndOpening"/>.
/// </summary>
public sealed class SoftwareModule : ISecureModule
{
    private readonly P256PrivateKey _credential, _agreement;
    private readonly byte[] _plain = GC.AllocateArray<byte>(SecureChannelSession.MaxWrappedLength, pinned: true);
    private readonly CenterKeyChain _centerKeys;
    private readonly WitnessFile _witness;
    private Admission? _admission, _resultsAdmission;
    private ModuleOpening? _opening;
    private int _lastSequence = -1, _lastTicket = -1;

    /// <summary>Takes over both keys.</summary>
    internal SoftwareModule(
        TerminalIdentity identity, CenterKeyChain center, P256PrivateKey credential, P256PrivateKey agreement, WitnessFile witness) =>
        (Identity, _centerKeys, Center, _credential, _agreement, _witness) = (identity, center, center.Present, credential, agreement, witness);

    /// <inheritdoc/>
    public TerminalIdentity Identity { get; }

    /// <inheritdoc/>
    public CenterIdentity Center { get; private set; }

    /// <summary>An admission: the nonce that it began with, and the one transcript that was proved under it.</summary>
    private sealed record Admission(LineHalf Half, ByteString Nonce, AdmissionTranscript? Proved = null, Proof? Proof = null);

    /// <summary>The admission hash that tickets and codes belong to; null before it is proved.</summary>
    private ByteString? Admitted => _admission?.Proved?.Hash();

    /// <inheritdoc/>
    public ByteString BeginAdmission(LineHalf half = LineHalf.Whole)
    {
        var begun = new Admission(half, ByteString.Own(RandomNumberGenerator.GetBytes(ProtocolLimits.NonceLength)));
        if (half is LineHalf.Results)
        {
            _resultsAdmission = begun;
            return begun.Nonce;
        }
        EndOpening();
        _centerKeys.Refresh();
        Center = _centerKeys.Due;
        (_admission, _resultsAdmission) = (begun, null);
        _lastSequence = _lastTicket = -1;
        return begun.Nonce;
    }

    /// <inheritdoc/>
    public ModuleRefusal ProveAdmission(AdmissionTranscript transcript, out Proof? proof)
    {
        ArgumentNullException.ThrowIfNull(transcript);
        proof = null;
        if (MessageCodec.Decode(transcript.Hello.Memory).Message is not Hello hello || hello.Terminal != Identity.Id
            || MessageCodec.Decode(transcript.Challenge.Memory).Message is not Challenge
            || transcript.Center != Center.Id) return ModuleRefusal.NoAdmission;
        var isResults = hello.Half is LineHalf.Results;
        // One proof per nonce: a second challenge under the same terminal nonce would let a session be begun twice.
        if ((isResults ? _resultsAdmission : _admission) is not { Proved: null } begun || begun.Half != hello.Half
            || begun.Nonce != hello.Nonce) return ModuleRefusal.NoAdmission;
        if (isResults && _admission is not { Half: LineHalf.Data, Proved: not null }) return ModuleRefusal.NoAdmission;
        using var key = KeyOf(transcript.Hash());
        proof = transcript.Prove(_credential, key);
        var proved = begun with { Proved = transcript, Proof = proof };
        if (isResults) _resultsAdmission = proved;
        else
        {
            _admission = proved;
            _centerKeys.Tried(Center);
        }
        return ModuleRefusal.None;
    }

    /// <inheritdoc/>
    public bool IsCenter(AdmissionTranscript transcript, Admitted admitted)
    {
        if (ProofOf(transcript) is not { } proof) return false;
        using var key = KeyOf(transcript.Hash());
        if (!transcript.IsAdmitted(Center.SigningKey, key, proof, admitted)) return false;
        _centerKeys.Proved(Center);
        return true;
    }

    /// <inheritdoc/>
    public ModuleRefusal OpenLineKeys(AdmissionTranscript transcript, out LineKeys? keys)
    {
        keys = null;
        if (ProofOf(transcript) is null) return ModuleRefusal.NoAdmission;
        using var key = KeyOf(transcript.Hash());
        keys = LineKeys.Derive(key);
        return ModuleRefusal.None;
    }

    /// <inheritdoc/>
    public ModuleRefusal SealIssueCode(int request, string reference, ReadOnlySpan<byte> code, out ByteString sealedCode)
    {
        sealedCode = default;
        if (Admitted is not { } admission) return ModuleRefusal.NoAdmission;
        sealedCode = IssueCodeEnvelope.Seal(Center.AgreementKey, new IssueCodeContext(admission, request, reference), code);
        return ModuleRefusal.None;
    }

    /// <inheritdoc/>
    public ModuleRefusal OpenTicket(Script script)
    {
        ArgumentNullException.ThrowIfNull(script);
        if (Admitted is not { } admission) return ModuleRefusal.NoAdmission;
        if (script.Kind != ScriptKind.Authenticate || !script.Sealed || script.Ticket.IsEmpty) return ModuleRefusal.WrongMode;
        if (script.First <= _lastSequence || script.First <= _lastTicket) return ModuleRefusal.Replayed;
        if (!Ticket.TryRead(script.Ticket.Memory, out var ticket) || ticket.Context.Opening != script.Opening) return ModuleRefusal.BadTicket;
        using var admissionKey = KeyOf(admission);
        var key = OpeningKey.Derive(admissionKey, ticket.Context);
        if (!ticket.TryOpen(key, script.First, out var sessionKeys))
        {
            key.Dispose();
            return ModuleRefusal.BadTicket;
        }
        EndOpening();
        _lastTicket = script.First;
        _opening = new ModuleOpening(ticket.Context, script.First, key, ChannelOpening.ForWrappingAlone(sessionKeys));
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
    public ByteString Note => _witness.Latest;

    /// <inheritdoc/>
    public NoteKeeping KeepNote(ByteString note) => _witness.Keep(note);

    /// <inheritdoc/>
    public bool KeepCenterKeys(ByteString statement) => _centerKeys.Keep(statement);

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
        (_admission, _resultsAdmission) = (null, null);
        _credential.Dispose();
        _agreement.Dispose();
    }

    /// <summary>Says only whose it is.</summary>
    public override string ToString() => $"software module of {Identity.Id}";

    /// <summary>What was answered in the admission under way; null for any other transcript.</summary>
    private Proof? ProofOf(AdmissionTranscript transcript)
    {
        ArgumentNullException.ThrowIfNull(transcript);
        return transcript == _resultsAdmission?.Proved ? _resultsAdmission.Proof
            : transcript == _admission?.Proved ? _admission.Proof
            : null;
    }

    private AdmissionKey KeyOf(ByteString admission)
    {
        using var transport = TerminalTransportKey.AtTerminal(_agreement, Identity.Id, Identity.KeyVersion, Center);
        return AdmissionKey.Derive(transport, admission);
    }
}
