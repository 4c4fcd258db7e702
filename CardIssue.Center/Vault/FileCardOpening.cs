using System.Security.Cryptography;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>An opening whose session lives in this process. Owns it.</summary>
internal sealed class FileCardOpening(
    SecureChannelSession session,
    InitializeUpdateResponse answer,
    Func<int, TerminalIdentity, ByteString, AdmissionKey> agree,
    FileCardOpening.DeriveKeys derive)
    : ICardOpening
{
    /// <summary>A card's keys of a set in the vault; the opening disposes them.</summary>
    public delegate CardKeySet DeriveKeys(
        string keySet, byte keyVersion, KeyDiversification diversification, ScpProtocol protocol, ReadOnlySpan<byte> diversificationData);

    private readonly byte[] _wrapped = GC.AllocateArray<byte>(SecureChannelSession.MaxWrappedLength, pinned: true);
    private OpeningKey? _key;
    private OpeningContext? _context;

    public InitializeUpdateResponse Answer => answer;

    public SecurityLevel Level => session.Level;

    public int MaxPlainData => session.MaxPlainData;

    public CommandApdu ExternalAuthenticate() => session.ExternalAuthenticate();

    public CommandApdu Wrap(CommandApdu command) => session.Wrap(command);

    public int Wrap(ReadOnlySpan<byte> command, Span<byte> wrapped) => session.Wrap(command, wrapped);

    public UnwrapResult Unwrap(ResponseApdu response) => session.Unwrap(response);

    public ByteString EncryptData(ReadOnlySpan<byte> plain, DekPadding padding) => session.EncryptWithDek(plain, padding);

    public ValueList<EncryptedKey> EncryptKeys(string keySet, byte keyVersion, KeyDiversification diversification)
    {
        using var keys = derive(keySet, keyVersion, diversification, answer.Protocol, answer.DiversificationData.Span);
        return [Encrypted(keys.Enc), Encrypted(keys.Mac), Encrypted(keys.Dek)];
    }

    public ByteString SealTicket(TerminalIdentity terminal, TicketRequest ticket)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        ArgumentNullException.ThrowIfNull(ticket);
        if (_key is not null) throw new InvalidOperationException("This opening has its ticket already.");
        var context = new OpeningContext(ticket.Order, ticket.Card, ticket.Fence, ticket.Opening, answer.CardCryptogram);
        using var admission = agree(ticket.CenterKeys, terminal, ticket.Admission);
        var key = OpeningKey.Derive(admission, context);
        try
        {
            var bytes = Ticket.Seal(key, context, ticket.Sequence, session);
            (_key, _context) = (key, context);
            return bytes;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    public ByteString SealExternalAuthenticate(in CommandContext context)
    {
        var key = Key(context);
        var plain = session.ExternalAuthenticate().ToBytes();
        var payload = new byte[plain.Length + SealedCommand.Overhead];
        SealedCommand.Seal(key, context, plain.Span, payload);
        return ByteString.Own(payload);
    }

    public int SealCommand(in CommandContext context, ReadOnlySpan<byte> command, Span<byte> payload)
    {
        var key = Key(context);
        if (payload.Length < command.Length + SealedCommand.Overhead) throw new ArgumentException($"{command.Length + SealedCommand.Overhead} bytes are needed.", nameof(payload));
        // The module wraps the same command from the same keys; wrapping here moves the counters along, so that the card's answer can be judged.
        session.Wrap(command, _wrapped);
        CryptographicOperations.ZeroMemory(_wrapped);
        return SealedCommand.Seal(key, context, command, payload);
    }

    public void Dispose()
    {
        session.Dispose();
        _key?.Dispose();
    }

    private EncryptedKey Encrypted(SecretBytes key)
    {
        var isDes = answer.Protocol is ScpProtocol.Scp02;
        return new EncryptedKey(isDes ? PutKey.Des : PutKey.Aes, key.Length, session.EncryptWithDek(key.Span, DekPadding.KeyData),
            isDes ? KeyCheckValue.OfDes(key) : KeyCheckValue.OfAes(key));
    }

    private OpeningKey Key(in CommandContext context)
    {
        if (_key is null || _context is null) throw new InvalidOperationException("A ticket comes before sealed commands.");
        if (context.Script.Opening != _context.Opening)
            throw new ArgumentException("The command is of another opening than the ticket.", nameof(context));
        return _key;
    }
}
