using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Channel;
using CardIssue.Testing.Cards.Domain;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards;

/// <summary>What a command works on: the persistent state, and what a reset takes away.</summary>
internal sealed class CardMemory(CardState state, Func<int, byte[]>? challenges = null)
{
    public CardState State { get; set; } = state;

    public VolatileState Volatile { get; private set; } = new(state.DefaultSelected);

    /// <summary>The security domain that is selected, empty for the issuer's; null when it is an application.</summary>
    public ByteString? SelectedDomain => Volatile.Selected == State.SecurityDomainAid ? default(ByteString)
        : State.Find(Volatile.Selected) is { IsSecurityDomain: true } domain ? domain.Aid : null;

    public bool IsDomainSelected => SelectedDomain is not null;

    /// <summary>
    /// The keys that open a channel with what is selected (<see cref="CardState.DomainWithKeys"/>); null where a domain is locked.
    /// </summary>
    public DomainKeys? ChannelKeys => State.DomainWithKeys(Volatile.Selected) is { } domain ? State.KeysOf(domain) : null;

    /// <summary>Keeps what is counted for these.</summary>
    public void KeepChannelKeys(DomainKeys keys) => State = State.WithKeys(State.DomainWithKeys(Volatile.Selected)!.Value, keys);

    public byte[] RandomChallenge(int length) => challenges?.Invoke(length) ?? RandomNumberGenerator.GetBytes(length);

    /// <summary>Ends the secure channel, and with it whatever was under way inside it.</summary>
    public void EndChannel()
    {
        Volatile.Channel = null;
        Volatile.Pending = null;
        Volatile.Chain.Drop();
        Volatile.StatusCursor = null;
        Volatile.Load = null;
        Volatile.PersonalizationTarget = null;
        Volatile.StoreData = new StoreDataProgress();
    }

    public void Select(ByteString aid) => Volatile = new VolatileState(aid);

    public void Reset() => Select(State.DefaultSelected);
}

/// <summary>Selection, channel and half-done work: gone at reset.</summary>
internal sealed class VolatileState(ByteString selected)
{
    public ByteString Selected { get; } = selected;

    /// <summary>INITIALIZE UPDATE was answered; EXTERNAL AUTHENTICATE is awaited.</summary>
    public SecureChannel? Pending { get; set; }

    public SecureChannel? Channel { get; set; }

    public CommandChain Chain { get; } = new();

    /// <summary>Where GET STATUS goes on after 6310: its P1 and how many entries were given.</summary>
    public (byte P1, int Given)? StatusCursor { get; set; }

    public LoadProgress? Load { get; set; }

    /// <summary>The application that STORE DATA goes to after INSTALL [for personalization].</summary>
    public ByteString? PersonalizationTarget { get; set; }

    public StoreDataProgress StoreData { get; set; } = new();
}
