using CardIssue.Core.Cards.Apdu;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>Whose life cycle state SET STATUS changes (GPCS table 11-86).</summary>
public enum StatusScope : byte
{
    /// <summary>The card, by its issuer security domain.</summary>
    Card = 0x80,
    /// <summary>An application or a security domain.</summary>
    Application = 0x40,
    /// <summary>A security domain and all applications that belong to it.</summary>
    SecurityDomainAndApplications = 0x60,
}

/// <summary>Life cycle states of the card (GPCS table 11-6). They only go forward, except from locked back to secured.</summary>
internal enum CardLifeCycle : byte
{
    /// <summary>As the factory delivers it.</summary>
    OpReady = 0x01,
    /// <summary>Initialized.</summary>
    Initialized = 0x07,
    /// <summary>In the field.</summary>
    Secured = 0x0F,
    /// <summary>Only the issuer security domain can be selected.</summary>
    Locked = 0x7F,
    /// <summary>The end. It can't be undone.</summary>
    Terminated = 0xFF,
}

/// <summary>SET STATUS (GPCS §11.10).</summary>
internal static class SetStatus
{
    /// <summary>Sets a life cycle state.</summary>
    /// <param name="scope">Whose.</param>
    /// <param name="state">The new state; to lock or unlock an application only bit 8 counts.</param>
    /// <param name="aid">The application or security domain; the card ignores it for its own state.</param>
    public static CommandApdu Command(StatusScope scope, byte state, Aid aid) => new(0x80, Instructions.SetStatus, (byte)scope, state, aid.Value);

    /// <summary>Sets the state of the card.</summary>
    /// <param name="state">The new state.</param>
    /// <param name="issuerSecurityDomain">The AID of its issuer security domain.</param>
    public static CommandApdu Card(CardLifeCycle state, Aid issuerSecurityDomain) => Command(StatusScope.Card, (byte)state, issuerSecurityDomain);
}
