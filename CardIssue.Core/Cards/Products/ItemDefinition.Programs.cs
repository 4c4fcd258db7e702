using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>What becomes of a load file or an application that is on the card already.</summary>
internal enum WhenThere
{
    /// <summary>The card is refused before anything is bound to it.</summary>
    Refuse = 1,
    /// <summary>It stays: what is sent, the card refuses. Of another version, or in a state that does not do, the card is refused.</summary>
    Accept = 2,
    /// <summary>It is deleted, with what comes from it, and written anew.</summary>
    Replace = 3,
}

/// <summary>An application program that a product puts on its cards: package and version for people and cards, the hash for the center.</summary>
/// <param name="Name">What its items call it, by <see cref="NameRule"/>.</param>
/// <param name="Package">The package's AID.</param>
/// <param name="Version">The package's version.</param>
/// <param name="Sha256">SHA-256 of its CAP file, 32 bytes (<see cref="CapFile.Sha256"/>).</param>
public sealed record ProductProgram(string Name, Aid Package, PackageVersion Version, ByteString Sha256);

/// <content>Card content: load files and applications.</content>
public abstract partial record ItemDefinition
{
    /// <summary>Whether it is a matter of card content, and not of STORE DATA.</summary>
    internal bool IsContent => LooksByItself || this is Delete;

    /// <summary>Loads a program (GPCS §11.5.2.3.1, §11.6); the only item of its record.</summary>
    /// <param name="Program">Its name among <see cref="CardProduct.Programs"/>.</param>
    /// <param name="WhenThere">What becomes of one that is there.</param>
    internal sealed record Load(string Program, WhenThere WhenThere) : ItemDefinition
    {
        /// <summary>The security domain that it is to belong to; null for the one that is selected.</summary>
        public Aid? SecurityDomain { get; init; }

        /// <summary>Which hash INSTALL [for load] has; one is needed where there is a token or a DAP block.</summary>
        public LoadFileHash Hash { get; init; }

        /// <summary>Load parameters, coded TLVs such as EF with the memory that is asked for.</summary>
        public ByteString Parameters { get; init; }

        /// <summary>The load token, made elsewhere.</summary>
        public ByteString Token { get; init; }

        /// <summary>DAP blocks, made elsewhere.</summary>
        public ValueList<DapBlock> Dap { get; init; }
    }

    /// <summary>Installs an application (GPCS §11.5.2.3.2); the only item of its record.</summary>
    /// <param name="Instance">The AID that it is going to be selected by.</param>
    /// <param name="Module">The applet's AID in its package.</param>
    /// <param name="WhenThere">What becomes of one that is there.</param>
    internal sealed record Install(Aid Instance, Aid Module, WhenThere WhenThere) : ItemDefinition
    {
        /// <summary>The program among <see cref="CardProduct.Programs"/> that it comes from; null for one that is on the card.</summary>
        public string? Program { get; init; }

        /// <summary>The load file that it comes from, where it is on the card; else null.</summary>
        public Aid? LoadFile { get; init; }

        /// <summary>1 or 3 bytes (GPCS table 11-7).</summary>
        public ByteString Privileges { get; init; } = ByteString.Own([0x00]);

        /// <summary>What the application gets (C9).</summary>
        public ValueList<TemplateNode> Parameters { get; init; }

        /// <summary>Further install parameters, coded TLVs such as EF.</summary>
        public ByteString SystemParameters { get; init; }

        /// <summary>The install token, made elsewhere.</summary>
        public ByteString Token { get; init; }

        /// <summary>Whether it can be selected from then on.</summary>
        public bool MakeSelectable { get; init; } = true;
    }

    /// <summary>Deletes a load file or an application (GPCS §11.2); one that is not there is no fault.</summary>
    /// <param name="Aid">Which.</param>
    /// <param name="Related">Of a load file: with all applications that come from it.</param>
    internal sealed record Delete(Aid Aid, bool Related) : ItemDefinition
    {
        /// <summary>The delete token, made elsewhere.</summary>
        public ByteString Token { get; init; }
    }
}
