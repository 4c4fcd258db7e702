using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Channel;

/// <summary>What a session protects (GPCS E.5.2.3, GPC Amd D 7.1.2.1), the bits of EXTERNAL AUTHENTICATE's P1.</summary>
[Flags]
internal enum SecurityLevel : byte
{
    Authenticated = 0x00,
    CommandMac = 0x01,
    CommandEncryption = 0x02,
    ResponseMac = 0x10,
    ResponseEncryption = 0x20,
}

/// <summary>The card's end of one session of either protocol.</summary>
internal abstract class SecureChannel(CardKeySet keys)
{
    /// <summary>How much a short reply can carry.</summary>
    protected const int ShortReply = 256;

    public CardKeySet KeySet { get; } = keys;

    public SecurityLevel Level { get; set; }

    /// <summary>The length of a cryptogram, and of a MAC as it is sent, in bytes.</summary>
    public abstract int MacLength { get; }

    /// <summary>The length of the blocks that secret data is encrypted in, in bytes.</summary>
    public abstract int SecretBlock { get; }

    public byte[] CardCryptogram { get; protected init; } = [];

    public byte[] HostCryptogram { get; protected init; } = [];

    /// <summary>How much data a reply of 256 bytes can carry.</summary>
    public abstract int ReplyCapacity { get; }

    public bool Requires(SecurityLevel level) => (Level & level) != 0;

    /// <summary>Whether a command reaches the card through the session at all: by its class, or, where only answers are protected, in any case.</summary>
    public bool Covers(Command command) => command.IsSecured ? Requires(SecurityLevel.CommandMac)
        : Requires(SecurityLevel.ResponseMac) && !Requires(SecurityLevel.CommandMac);

    /// <summary>Checks the C-MAC of EXTERNAL AUTHENTICATE. False: the session must end.</summary>
    public abstract bool VerifyAuthentication(Command command);

    /// <summary>Takes C-MAC and C-ENC off a command; null when a check fails and the session must end.</summary>
    public abstract Command? Unwrap(Command command);

    /// <summary>Puts R-ENC and R-MAC on the reply to the command unwrapped last, as far as the session asks for them.</summary>
    public abstract Reply Protect(Reply reply);

    /// <summary>Decrypts whole blocks that the host encrypted under the DEK.</summary>
    public abstract byte[] DecryptSecret(ReadOnlySpan<byte> blocks);
}
