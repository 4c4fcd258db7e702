using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;

namespace CardIssue.Test.Packages;

/// <summary>The packages that integrators and operators install: what is in them, and that a project outside of the repository issues a card with them alone.</summary>
[TestFixture, Parallelizable]
public sealed class PackagesTest
{
    /// <summary>Whose value is the sources themselves (Portable PDB, embedded source).</summary>
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private static readonly string[] All = [.. BuiltPackages.Names, .. BuiltPackages.Programs];

    private readonly BuiltPackages _packages = new();

    [OneTimeSetUp]
    public Task Pack() => _packages.PackAsync();

    [OneTimeTearDown]
    public void Delete() => _packages.Dispose();

    [TestCaseSource(nameof(All))]
    public void Package_InAList_SaysWhatItIs(string name)
    {
        var metadata = _packages.Metadata(name);
        string Of(string element) => metadata.Elements().Single(each => each.Name.LocalName == element).Value;
        Assert.That(Of("description"), Is.Not.Empty.And.Not.EqualTo("Package Description"));
        Assert.That(Of("tags").Split(' '), Does.Contain("smartcard").And.Contain("globalplatform"));
        Assert.That(Of("license"), Is.EqualTo("MIT"));
        Assert.That(_packages.Content(name, Of("icon")).AsSpan(0, 4).ToArray(), Is.EqualTo("\u0089PNG".Select(letter => (byte)letter)));
        // A link of the repository's leads nowhere from a list of packages.
        var readme = Encoding.UTF8.GetString(_packages.Content(name, Of("readme")));
        Assert.That(Regex.Matches(readme, @"\]\((?!https://)[^)]*\)").Select(match => match.Value), Is.Empty);
        Assert.That(readme, Does.Contain($"`{name}`"));
    }

    [TestCaseSource(typeof(BuiltPackages), nameof(BuiltPackages.Names))]
    public void Package_OfAFamilyThatSharesInternals_TakesTheOthersOfItsOwnVersionAlone(string name)
    {
        var ours = _packages.Metadata(name).Descendants().Where(element => element.Name.LocalName == "dependency")
            .Where(element => element.Attribute("id")!.Value.StartsWith("CardIssue.", StringComparison.Ordinal)).ToList();
        Assert.That(ours, Has.Count.EqualTo(name switch { "CardIssue.Core" => 0, "CardIssue.Testing" => 4, _ => 1 }));
        Assert.That(ours.Select(element => element.Attribute("version")!.Value), Is.All.EqualTo($"[{_packages.Version}]"));
    }

    [TestCaseSource(typeof(BuiltPackages), nameof(BuiltPackages.Names))]
    public void Debugger_StepsIntoThePackage_FindsItsSourceInIt(string name)
    {
        using var image = new PEReader(new MemoryStream(_packages.Content(name, $"lib/net10.0/{name}.dll")));
        var entry = image.ReadDebugDirectory().Single(each => each.Type is DebugDirectoryEntryType.EmbeddedPortablePdb);
        using var provider = image.ReadEmbeddedPortablePdbDebugDirectoryData(entry);
        var symbols = provider.GetMetadataReader();
        var own = symbols.Documents.Where(document => !symbols.GetString(symbols.GetDocument(document).Name).Contains("/obj/", StringComparison.Ordinal)).ToList();
        Assert.That(own, Has.Count.GreaterThan(10));
        Assert.That(own.Where(document => !symbols.GetCustomDebugInformation(document)
            .Any(handle => symbols.GetGuid(symbols.GetCustomDebugInformation(handle).Kind) == EmbeddedSource)), Is.Empty);
        _packages.Content(name, $"lib/net10.0/{name}.xml");
    }

    /// <summary>The Quickstart's own text, with nothing of the repository but the packages and the sample's orders.</summary>
    [Test]
    public async Task EmptyProject_WithTheTestingPackage_IssuesACard()
    {
        var folder = Path.Combine(_packages.Folder, "embedder");
        Directory.CreateDirectory(folder);
        var samples = Path.Combine(Repository.Root, "samples");
        File.Copy(Path.Combine(samples, "Quickstart", "Program.cs"), Path.Combine(folder, "Program.cs"));
        foreach (var file in new[] { "orders.json", "visa-like-module.product.json", "visa-like-e2e.product.json" })
            File.Copy(Path.Combine(samples, "orders", file), Path.Combine(folder, file));
        await File.WriteAllTextAsync(Path.Combine(folder, "embedder.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <NuGetAudit>false</NuGetAudit>
                <RestorePackagesPath>{Path.Combine(folder, "packages")}</RestorePackagesPath>
                <RestoreFallbackFolders>{Restored()}</RestoreFallbackFolders>
                <RestoreSources>{_packages.Feed}</RestoreSources>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="CardIssue.Testing" Version="{_packages.Version}" />
                <None Include="*.json" CopyToOutputDirectory="PreserveNewest" />
              </ItemGroup>
            </Project>
            """);
        var (code, screen) = await BuiltPackages.RunAsync(folder, "run", "-v", "q", "--", "");
        Assert.That(code, Is.Zero, screen);
        Assert.That(screen, Does.Contain("CARD ISSUED"));
    }

    /// <summary>Where the packages of others are that this repository's own restore put there.</summary>
    private static string Restored()
    {
        var assets = File.ReadAllText(Path.Combine(Repository.Root, "CardIssue.Testing", "obj", "project.assets.json"));
        using var json = System.Text.Json.JsonDocument.Parse(assets);
        return string.Join(';', json.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name));
    }
}
