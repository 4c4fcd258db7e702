using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <content>What the card's registry says of an application.</content>
public abstract partial record ItemDefinition
{
    /// <summary>
    /// Whether its script ends with a look at what it is to bring about, so that a repeat does no harm; the only item of its record.
    /// </summary>
    internal bool LooksByItself => this is Load or Install or Extradite or RegistryUpdate;

    /// <summary>Gives an application to a security domain (GPCS §11.5.2.3.4); the only item of its record.</summary>
    /// <param name="Aid">The application.</param>
    /// <param name="SecurityDomain">The security domain that it belongs to from then on.</param>
    internal sealed record Extradite(Aid Aid, Aid SecurityDomain) : ItemDefinition
    {
        /// <summary>Extradition parameters, coded TLVs.</summary>
        public ByteString Parameters { get; init; }

        /// <summary>The extradition token, made elsewhere.</summary>
        public ByteString Token { get; init; }
    }

    /// <summary>Changes what the registry says of an application (GPCS §11.5.2.3.5); the only item of its record.</summary>
    /// <param name="Aid">The application.</param>
    internal sealed record RegistryUpdate(Aid Aid) : ItemDefinition
    {
        /// <summary>1 or 3 bytes (GPCS table 11-7); none leaves them as they are.</summary>
        public ByteString Privileges { get; init; }

        /// <summary>The security domain that it belongs to from then on; null for the one that it belongs to.</summary>
        public Aid? SecurityDomain { get; init; }

        /// <summary>Registry update parameters, coded TLVs such as EF.</summary>
        public ByteString Parameters { get; init; }

        /// <summary>The registry update token, made elsewhere.</summary>
        public ByteString Token { get; init; }
    }
}
