using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace CardIssue.Test.Packages;

/// <summary>The packages of the assemblies as they are built: what <c>./build.sh pack</c> makes, without building anew, under a version of their own.</summary>
internal sealed class BuiltPackages : IDisposable
{
    /// <summary>The assemblies that integrators embed.</summary>
    public static readonly string[] Names =
        ["CardIssue.Core", "CardIssue.Transport", "CardIssue.Reader", "CardIssue.Center", "CardIssue.Terminal", "CardIssue.Testing"];

    /// <summary>The programs, as .NET tools.</summary>
    public static readonly string[] Programs = ["CardIssue.CenterHost", "CardIssue.TerminalHost", "CardIssue.VirtualCard"];

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cardissue-packages-");

    /// <summary>Nobody else's: what is in a machine's cache cannot stand in for it.</summary>
    public string Version { get; } = $"0.1.0-test.{Guid.NewGuid():N}";

    /// <summary>Outside of the repository.</summary>
    public string Folder => _folder.FullName;

    public string Feed => Path.Combine(Folder, "feed");

    /// <summary>The projects of the programs.</summary>
    public static IEnumerable<string> ProgramProjects => Programs.Select(name => name["CardIssue.".Length..])
        .Select(name => Path.Combine(Repository.Root, "samples", name, $"{name}.csproj"));

    public Task PackAsync() => PackAsync(
        Folder, [.. Names.Select(name => Path.Combine(Repository.Root, name, $"{name}.csproj")), .. ProgramProjects], Feed, $";PackageVersion={Version}");

    /// <summary>Packs projects as they are built.</summary>
    /// <param name="folder">Where there is room for a file.</param>
    /// <param name="projects">Their files.</param>
    /// <param name="to">The folder of the packages.</param>
    /// <param name="properties">What else MSBuild is told, each after a semicolon.</param>
    public static async Task PackAsync(string folder, IEnumerable<string> projects, string to, string properties = "")
    {
        var project = Path.Combine(folder, "packages.proj");
        await File.WriteAllTextAsync(project,
            $"""
            <Project>
              <Target Name="Pack">
                <MSBuild Projects="{string.Join(';', projects)}" Targets="Pack" BuildInParallel="true"
                  Properties="NoBuild=true;Configuration={Repository.Configuration};PackageOutputPath={to}/{properties}" />
              </Target>
            </Project>
            """);
        var (code, screen) = await RunAsync(folder, "build", project, "-t:Pack", "-nologo", "-v:q", "-nr:false");
        Assert.That(code, Is.Zero, screen);
    }

    /// <summary>What a package says of itself.</summary>
    public XElement Metadata(string name)
    {
        var nuspec = XDocument.Load(new MemoryStream(Content(name, $"{name}.nuspec")));
        return nuspec.Root!.Elements().Single(element => element.Name.LocalName == "metadata");
    }

    /// <summary>A file in a package.</summary>
    public byte[] Content(string name, string path)
    {
        using var archive = ZipFile.OpenRead(Path.Combine(Feed, $"{name}.{Version}.nupkg"));
        var entry = archive.GetEntry(path);
        Assert.That(entry, Is.Not.Null, $"{name} has no {path}");
        using var content = entry!.Open();
        using var copy = new MemoryStream();
        content.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>Runs dotnet in a folder: its exit code, and what it said.</summary>
    public static async Task<(int Code, string Screen)> RunAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // The tests' own build of this process is no affair of the new one.
        foreach (var name in start.Environment.Keys.Where(key => key.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList()) start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start)!;
        using var stop = new CancellationTokenSource(Longest);
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(stop.Token), process.StandardError.ReadToEndAsync(stop.Token));
        await process.WaitForExitAsync(stop.Token);
        return (process.ExitCode, string.Concat(await said));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
