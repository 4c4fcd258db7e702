namespace CardIssue.Core.Cards.Programs;

/// <summary>The components of a CAP file, by tag (Java Card VM Specification 3.1 table 6-1).</summary>
public enum CapComponentTag : byte
{
    /// <summary>Format, package, and what is in it.</summary>
    Header = 1,
    /// <summary>The sizes of the others.</summary>
    Directory = 2,
    /// <summary>The applets, which are what can be installed.</summary>
    Applet = 3,
    /// <summary>The packages that this one needs.</summary>
    Import = 4,
    /// <summary>Constant pool.</summary>
    ConstantPool = 5,
    /// <summary>Classes and interfaces.</summary>
    Class = 6,
    /// <summary>The methods' code.</summary>
    Method = 7,
    /// <summary>Static fields.</summary>
    StaticField = 8,
    /// <summary>Where the code names what the card links.</summary>
    ReferenceLocation = 9,
    /// <summary>What others may use.</summary>
    Export = 10,
    /// <summary>For verifiers; cards do not need it.</summary>
    Descriptor = 11,
    /// <summary>For debuggers; never sent to a card.</summary>
    Debug = 12,
    /// <summary>Static resources (format 2.3).</summary>
    StaticResources = 13,
}

/// <summary>A component as it stands in the file: its tag, its size in two or four bytes, and what is in it.</summary>
/// <param name="Tag">Which.</param>
/// <param name="Length">Its length in bytes, tag and size included.</param>
public readonly record struct CapComponent(CapComponentTag Tag, int Length);

/// <summary>A version of a package or of a format; greater is newer.</summary>
/// <param name="Major">Packages of different ones do not go together.</param>
/// <param name="Minor">A package of a greater one does for one of a smaller one.</param>
public readonly record struct PackageVersion(byte Major, byte Minor)
{
    /// <summary>Such as 1.0.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}

/// <summary>A package that is in a CAP file, and that others may use.</summary>
/// <param name="Package">Its AID.</param>
/// <param name="Version">Its version.</param>
/// <param name="Name">Its name, such as com/example/loyalty; null where the file has none.</param>
public readonly record struct CapPackage(Apdu.Aid Package, PackageVersion Version, string? Name);

/// <summary>A package that a program needs on the card.</summary>
/// <param name="Package">Its AID.</param>
/// <param name="Version">The version that it was linked against.</param>
public readonly record struct CapImport(Apdu.Aid Package, PackageVersion Version);

/// <summary>By which hash INSTALL [for load] names what is loaded (GPCS §C.2): what cards ask for.</summary>
public enum LoadFileHash
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>SHA-1, 20 bytes: older cards, and those whose tokens and DAP blocks are of its time.</summary>
    Sha1 = 1,
    /// <summary>SHA-256, 32 bytes.</summary>
    Sha256 = 2,
}
